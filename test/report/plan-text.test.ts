import { describe, expect, test } from "vitest";
import type { Plan } from "../../src/core/plan.ts";
import { renderPlan } from "../../src/report/plan-text.ts";
import { plainStyle } from "../../src/report/style.ts";
import { columnsOf } from "../../src/report/text-width.ts";
import { del, planOf, put, rel } from "./fixture-events.ts";

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

  test("tells what only gets other headers apart from what is sent", () => {
    const held = { ...put("画像/会社.svg", 900, "headers"), heldEtag: "1f" };
    const plan = planOf([put("index.html", 800, "headers"), held]);
    const lines = renderPlan({ ...plan, totals: { ...plan.totals, putBytes: 800 } }, { style: plainStyle, width: 80 });
    expect(lines).toEqual([
      "web1  1 to send (800 B) · 1 to be given other headers · 9,171 unchanged",
      "",
      "  1. assets: 1 file, 0 B",
      "    ~  headers  /画像/会社.svg    0 B",
      "  2. pages: 1 file, 800 B",
      "    ~  headers  /index.html     800 B",
    ]);
  });

  test("tells which files left the site and stay, for how long, and which are back", () => {
    const kept = Array.from({ length: 40 }, (_, at) => rel(`assets/${at}/桜.css`));
    const keeping = { grace: "7 days", begins: kept, ends: [rel("画像/会社.svg")] };
    const plan = planOf([put("index.html", 800, "content")], { keeping });
    const told = (parts: Partial<Plan>, kept: number) =>
      renderPlan({ ...plan, ...parts, totals: { ...plan.totals, kept } }, { style: plainStyle, width: 80 });
    expect(told({}, 40)).toEqual([
      "web1  1 to send (800 B) · 40 kept for 7 days · 1 back · 9,171 unchanged",
      "",
      "  1. pages: 1 file, 800 B",
      "    ~  changed  /index.html               800 B",
      "  left the site, kept for 7 days: 40 files",
      "    =  keep     /assets/**      40 files",
      "  back in the site: 1 file",
      "    =  back     /画像/会社.svg",
    ]);
    expect(told({ keeping: { ...keeping, ends: [] } }, 1_040)[0]).toBe(
      "web1  1 to send (800 B) · 1,040 kept (40 of them from now on, for 7 days) · 9,171 unchanged",
    );
  });

  test("names what stays only by its number when nothing changes about it", () => {
    const { totals, ...plan } = planOf([]);
    const lines = renderPlan({ ...plan, totals: { ...totals, kept: 40 } }, { style: plainStyle, width: 80 });
    expect(lines).toEqual(["web1  nothing to do · 40 kept · 9,171 unchanged"]);
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
