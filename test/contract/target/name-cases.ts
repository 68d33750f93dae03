import { expect } from "vitest";
import { nameFault } from "../../../src/core/names.ts";
import { bodyOf, bytes, metaOf, relPath } from "../../doubles/site-file.ts";
import { expectContent } from "../expect-content.ts";
import type { TargetTest } from "../target-contract.ts";

/** Names that people really use, and names that break careless clients. */
export const NAMES: Record<string, string[]> = {
  "Japanese, composed": ["ページ.html", "会社案内/アクセス・地図.html", "ＦＡＱ（よくある質問）.html", "表示能力.html"],
  "Japanese, decomposed": ["ページ.html".normalize("NFD"), "ガイド/ブック.html".normalize("NFD"), "Zu\u0308rich.html"],
  "beyond the basic plane": ["𠮷野家.html", "🍣/🍺.html"],
  spaces: ["a b.html", "  two before.html", "全角　空白.html", "dir with space/ x .html"],
  "quotes and brackets": ["it's.html", 'say "hi".html', "a`b.html", "[1].html", "{x}.html", "(1).html", "<b>.html"],
  "URL characters": [
    "100%.html",
    "a#b.html",
    "a+b.html",
    "a&b=c.html",
    "why?.html",
    "%E3%81%82.html",
    "a;b.html",
    "a,b@c.html",
  ],
  "shell characters": ["a*.html", "~home.html", "~/x.html", "$HOME.html", "a|b.html", "!x.html", "a\\b.html"],
  "leading dashes and dots": [
    "-rf.html",
    "-a/--help",
    ".htaccess",
    "..hidden.html",
    "...",
    ".well-known/a",
    "x/-",
    "a..b/c",
  ],
  "long ones": [`${"x".repeat(195)}.html`, `${"長".repeat(65)}.html`, `${"d".repeat(200)}/${"e".repeat(200)}`],
  "alike but different": ["same.html", "Same.html", "same.htm", "same .html", "same/x.html"],
};

/** Every sort of name goes there and back unchanged. */
export function nameCases(it: TargetTest): void {
  for (const [sort, names] of Object.entries(NAMES)) {
    it(`names: ${sort}`, async ({ target, look, ctx }) => {
      const paths = names.filter((name) => nameFault(name, target.caps.names) === undefined);
      const contentOf = (path: string) => Buffer.from(`これは ${path}`);
      await Promise.all(paths.map((path) => target.put(metaOf(path, contentOf(path)), bodyOf(contentOf(path)), ctx)));
      for (const path of paths) {
        expectContent(await look.read(path), contentOf(path), path);
        expectContent(await target.get(relPath(path), ctx), contentOf(path), path);
      }
      const listed = (await Array.fromAsync(target.list("", ctx))).map(({ path }) => path as string);
      expect(listed.sort()).toEqual([...paths].sort());
      await target.remove(paths.map(relPath), ctx);
      expect(await look.listAll()).toEqual([]);
    });
  }

  it("names the target can't hold are refused and nothing is written", async ({ target, look, ctx }) => {
    const names = [...Object.values(NAMES).flat(), `${"長".repeat(400)}.html`];
    const impossible = names.filter((name) => nameFault(name, target.caps.names) !== undefined);
    const content = bytes(10);
    for (const name of impossible) {
      await expect(target.put(metaOf(name, content), bodyOf(content), ctx), name).rejects.toMatchObject({
        kind: "config",
      });
    }
    expect(await look.listAll()).toEqual([]);
    expect(impossible.length).toBeGreaterThan(0);
  });
}
