import { describe, expect, test } from "vitest";
import { readListing } from "../../src/targets/ftps/list-directory.ts";

const lines = (...all: string[]) => all.map((line) => `${line}\r\n`).join("");

describe("MLSD", () => {
  const text = lines(
    "type=cdir;modify=20261122175609; .",
    "type=pdir;modify=20261122175609; ..",
    "type=dir;modify=20261122175609; ニュース",
    "type=file;size=1234;modify=20260203040506;UNIX.mode=0644;  先頭に空白.html",
    "type=file;size=0;modify=20260203040506; .htaccess",
    "type=OS.unix=symlink;size=7;modify=20260203040506; latest",
  );

  test("gives names as they are, sizes, times, permissions and kinds", () => {
    expect(readListing(text).entries).toEqual([
      { name: "ニュース", isDirectory: true, size: 0, mtimeMs: Date.UTC(2026, 10, 22, 17, 56, 9) },
      { name: " 先頭に空白.html", isDirectory: false, size: 1234, mtimeMs: Date.UTC(2026, 1, 3, 4, 5, 6), mode: 0o644 },
      { name: ".htaccess", isDirectory: false, size: 0, mtimeMs: Date.UTC(2026, 1, 3, 4, 5, 6) },
      { name: "latest", isDirectory: false, size: 7, mtimeMs: Date.UTC(2026, 1, 3, 4, 5, 6) },
    ]);
  });

  test("shows files whose names begin with a dot when it shows the directory itself, or one of them", () => {
    expect(readListing(lines("type=cdir; .", "type=file;size=1; a")).showsDotFiles).toBe(true);
    expect(readListing(lines("type=file;size=1; .a", "type=file;size=1; b")).showsDotFiles).toBe(true);
    expect(readListing(lines("type=file;size=1; a")).showsDotFiles).toBe(false);
  });
});

describe("LIST", () => {
  test("of a Unix server: files, directories, links under their own name, and no times that can't be trusted", () => {
    const text = lines(
      "total 12",
      "drwxr-xr-x    2 33       33           4096 Nov 22 17:56 .",
      "drwxr-xr-x    2 33       33           4096 Nov 22 17:56 ..",
      "-rw-r--r--    1 33       33          70000 Nov 22 17:56 お知らせ 一覧.html",
      "drwxr-xr-x    2 33       33           4096 Jan 03  2020 画像",
      "lrwxrwxrwx    1 33       33              8 Nov 22 17:56 latest -> releases",
    );
    expect(readListing(text)).toEqual({
      entries: [
        { name: "お知らせ 一覧.html", isDirectory: false, size: 70000, mode: 0o644 },
        { name: "画像", isDirectory: true, size: 4096, mode: 0o755 },
        { name: "latest", isDirectory: false, size: 8, mode: 0o777 },
      ],
      showsDotFiles: true,
    });
  });

  test("of a Windows server", () => {
    const text = lines(
      "11-22-26  05:56PM       <DIR>          images",
      "11-22-26  05:56PM                 1234 会社.html",
    );
    const { entries, showsDotFiles } = readListing(text);
    expect(entries.map(({ name, isDirectory, size }) => [name, isDirectory, size])).toEqual([
      ["images", true, 0],
      ["会社.html", false, 1234],
    ]);
    expect(showsDotFiles).toBe(false);
  });

  test("with a line that can't be read is an error: it might have named a file", () => {
    const good = "-rw-r--r--    1 33       33          70000 Nov 22 17:56 a.html";
    expect(() => readListing(lines("?????????? ? ? ? ? ? b.html", good))).toThrow("format is unknown");
    expect(() => readListing(lines("no listing at all"))).toThrow("format is unknown");
  });

  test("of an empty directory is empty", () => {
    expect(readListing("")).toEqual({ entries: [], showsDotFiles: false });
  });
});
