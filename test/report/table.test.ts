import { describe, expect, test } from "vitest";
import { createStyle } from "../../src/report/style.ts";
import { renderTable } from "../../src/report/table.ts";
import { columnsOf } from "../../src/report/text-width.ts";

const columns = [{}, { optional: true }, { shrink: "front" }, { align: "right" }] as const;

describe("a table", () => {
  test("lines columns up, also where names are Japanese", () => {
    const rows = [
      ["+", "new", "/会社案内/index.html", "1.2 kB"],
      ["~", "changed", "/a.html", "12 kB"],
    ];
    expect(renderTable(columns, rows, 80)).toEqual([
      "+  new      /会社案内/index.html  1.2 kB",
      "~  changed  /a.html                12 kB",
    ]);
  });

  test("leaves out what is nice to know, then cuts the path at its front", () => {
    const rows = [["+", "changed", "/a/very/long/path/to/index.html", "1.2 kB"]];
    expect(renderTable(columns, rows, 44)).toEqual(["+  changed  …long/path/to/index.html  1.2 kB"]);
    expect(renderTable(columns, rows, 32)).toEqual(["+  …g/path/to/index.html  1.2 kB"]);
  });

  test("a column that is empty everywhere takes no room", () => {
    expect(renderTable([{}, {}, {}], [["a", "", "b"]], 80)).toEqual(["a  b"]);
  });

  test("colours don't count as width", () => {
    const { good } = createStyle(true);
    const lines = renderTable(
      [{}, {}],
      [
        [{ text: "a", paint: good }, "x"],
        ["abc", "y"],
      ],
      80,
    );
    expect(lines.map(columnsOf)).toEqual([6, 6]);
  });
});
