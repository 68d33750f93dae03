import { describe, expect, test } from "vitest";
import { renderPlan } from "../../src/report/plan-text.ts";
import { plainStyle } from "../../src/report/style.ts";
import { columnsOf } from "../../src/report/text-width.ts";
import { del, planOf, put } from "./fixture-events.ts";

const blog = Array.from({ length: 812 }, (_, at) => put(`blog/2026/${at % 31}/記事${at}.html`, 15_000));

describe("a plan for people", () => {
  test("says in a few lines what changes and why, folding folders with many files", () => {
    const changes = [
      ...blog,
      put("css/site.css", 1200, "content"),
      put("index.html", 800, "unknown"),
      del("古い.html", 64),
    ];
    expect(renderPlan(planOf(changes), { style: plainStyle, width: 80 })).toEqual([
      "web1  814 to send (12.2 MB) · 1 to delete (64 B) · 9,171 unchanged",
      "",
      "  1. assets: 1 file, 1.2 kB",
      "    ~  changed  /css/site.css              1.2 kB",
      "  2. pages: 813 files, 12.2 MB",
      "    +  new      /blog/2026/**  812 files  12.2 MB",
      "    !  unsure   /index.html                 800 B",
      "  3. deletions: 1 file, 64 B",
      "    -  delete   /古い.html                   64 B",
      "",
      "  unsure: an interrupted delivery may have touched these, so they are sent again.",
    ]);
  });

  test("begins with what was refused, some of the paths, and how to override it", () => {
    const refusal = {
      guard: "delete-limit",
      message: "would delete 812 of 1,000 files (81%); the limit is 25%",
      paths: ["a.html", "b.html", "c.html", "d.html"],
      count: 812,
    } as const;
    const lines = renderPlan(planOf([del("a.html", 1)], { refusals: [refusal] }), { style: plainStyle, width: 80 });
    expect(lines.slice(1, 8)).toEqual([
      "",
      "  REFUSED would delete 812 of 1,000 files (81%); the limit is 25%",
      "          /a.html",
      "          /b.html",
      "          /c.html",
      "          … and 809 more",
      "          if this is meant: --allow delete-limit",
    ]);
  });

  test("names every file when asked to", () => {
    const lines = renderPlan(planOf(blog), { style: plainStyle, width: 80, all: true });
    expect(lines.filter((line) => line.includes("記事"))).toHaveLength(812);
  });

  test("a first delivery says what becomes of the files that are there already", () => {
    const plan = planOf([put("index.html", 1)], { base: { sourceHash: "a".repeat(64), targetState: "absent" } });
    expect(renderPlan(plan, { style: plainStyle, width: 80 }).at(-1)).toBe(
      "  first delivery: replaces files of these names, leaves all others there alone.",
    );
  });

  test("a plan without changes says so in one line", () => {
    expect(renderPlan(planOf([]), { style: plainStyle, width: 80 })).toEqual(["web1  nothing to do · 9,171 unchanged"]);
  });

  test("its table fits a terminal of 40 columns", () => {
    const table = renderPlan(planOf([...blog, del("とても長い名前のフォルダー/とても長い名前のファイル.html", 1)]), {
      style: plainStyle,
      width: 40,
    }).filter((line) => line.startsWith("    "));
    expect(Math.max(...table.map(columnsOf))).toBeLessThanOrEqual(40);
    expect(table.at(-1)).toContain("ファイル.html");
  });

  test("a name with control characters can't play tricks on the terminal", () => {
    const text = renderPlan(planOf([put("a\u001b[2J\nb.html", 1)]), { style: plainStyle, width: 80 }).join("\n");
    expect(text).toContain("/a\\u{1b}[2J\\u{a}b.html");
  });
});
