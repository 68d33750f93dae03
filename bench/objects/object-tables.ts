import { findResult, showBytes, showGoal, showRatio, showSeconds } from "../cells.ts";
import { SCENARIOS, type ScenarioName } from "../deliveries/scenarios.ts";
import { markdownTable } from "../markdown-table.ts";
import { median, type Result } from "../results.ts";

/** The share of the fastest other tool's time that smartsync may take at most, where there is a goal. */
export type Goals = Readonly<Partial<Record<ScenarioName, number>>>;

/** Every tool in every scenario on one store, and how smartsync compares with the fastest of the others. */
export function storeTable(results: readonly Result[], labels: Readonly<Record<string, string>>, goals: Goals): string {
  const files = results[0]?.files.toLocaleString("en");
  const tools = Object.keys(labels).filter((tool) => results.some((result) => result.tool === tool));
  const names = tools.map((tool) => labels[tool] ?? tool);
  const rows = (Object.keys(SCENARIOS) as ScenarioName[]).map((scenario) => [
    SCENARIOS[scenario].label,
    ...tools.map((tool) => showSeconds(findResult(results, tool, scenario))),
    ...compare(results, tools, scenario, goals[scenario]),
  ]);
  return markdownTable([`${files} files`, ...names, "smartsync ÷ fastest other", "goal"], rows);
}

function compare(
  results: readonly Result[],
  tools: readonly string[],
  scenario: ScenarioName,
  goal: number | undefined,
): [string, string] {
  const others = tools
    .filter((tool) => tool !== "smartsync")
    .flatMap((tool) => findResult(results, tool, scenario) ?? []);
  const [fastest] = others.toSorted((a, b) => median(a.seconds) - median(b.seconds));
  const [ratio, judged] = showRatio(findResult(results, "smartsync", scenario), fastest, goal ?? 1);
  return [ratio, goal === undefined ? "" : judged];
}

const FILES_PER_SECOND = 4000;
const CPU_MS = 0.35;

/** What each tool makes of many small files on a long link: how many a second, and what one costs of CPU. */
export function linkTable(results: readonly Result[], labels: Readonly<Record<string, string>>): string {
  const rows = Object.keys(labels).flatMap((tool) => {
    const result = findResult(results, tool, "first");
    if (result === undefined) return [];
    const seconds = median(result.seconds);
    const rate = result.files / seconds;
    const cpu = (median(result.cpuSeconds ?? []) * 1000) / result.files;
    const own = tool === "smartsync";
    return [
      [
        labels[tool] ?? tool,
        showSeconds(result),
        Math.round(rate).toLocaleString("en"),
        own ? `≥ ${FILES_PER_SECOND.toLocaleString("en")} ${rate >= FILES_PER_SECOND ? "✓" : "✗"}` : "",
        `${cpu.toFixed(2)} ms`,
        own ? showGoal(cpu <= CPU_MS, `${CPU_MS} ms`) : "",
      ],
    ];
  });
  const files = results[0]?.files.toLocaleString("en");
  return markdownTable([`${files} files of 6 KB, first`, "time", "files/s", "goal", "CPU a file", "goal"], rows);
}

const MEGABYTES = 300;

/** What smartsync holds in memory: of very many files, and of a very big one. */
export function memoryTable(many: readonly Result[], big: readonly Result[]): string {
  const row = (label: string, results: readonly Result[], scenario: ScenarioName) => {
    const result = findResult(results, "smartsync", scenario);
    const met = (result?.peakBytes ?? Number.POSITIVE_INFINITY) < MEGABYTES * 1e6;
    return [
      label,
      showSeconds(result),
      showBytes(result),
      result === undefined ? "" : showGoal(met, `${MEGABYTES} MB`),
    ];
  };
  return markdownTable(
    ["smartsync, loopback", "time", "peak memory", "goal"],
    [
      row("100,000 files, first delivery", many, "first"),
      row("100,000 files, nothing changed", many, "unchanged"),
      row("100,000 files, every mtime touched", many, "touched"),
      row("one file of 5 GiB, first delivery", big, "first"),
    ],
  );
}
