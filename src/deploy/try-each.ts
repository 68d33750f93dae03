import type { Ctx } from "../core/context.ts";
import { isTransient, SmartsyncError, toSmartsyncError } from "../lib/errors.ts";
import { forEachAtOnce } from "../lib/for-each.ts";

/** So many failed files end the work at once: by then it is the server that is wrong, not a file. */
const MAX_FAILURES = 20;

/** Does the work for every item, so many at once; a failure does not stop the others unless all is lost. Gives them. */
export async function tryEach<T>(
  items: readonly T[],
  howMany: number,
  work: (item: T) => Promise<void>,
  { signal }: Ctx,
): Promise<SmartsyncError[]> {
  const failures: SmartsyncError[] = [];
  await forEachAtOnce(items, howMany, async (item) => {
    if (signal.aborted || isHopeless(failures)) return;
    try {
      await work(item);
    } catch (error) {
      if (!signal.aborted) failures.push(toSmartsyncError(error));
    }
  });
  signal.throwIfAborted();
  return failures;
}

/** What is still transient after every retry is a line that is down: waiting as long for each other file helps nobody. */
function isHopeless(failures: readonly SmartsyncError[]): boolean {
  return failures.length >= MAX_FAILURES || failures.some(isTransient);
}

/** Throws when there is any failure: the only one itself, or all in one ("delivery-incomplete", kind partial). */
export function throwFailures(failures: readonly SmartsyncError[], what: string): void {
  const [first] = failures;
  if (first === undefined) return;
  if (failures.length === 1) throw first;
  const lines = countSame(failures.map(({ message }) => message)).map((line) => `\n  ${line}`);
  throw new SmartsyncError(`${failures.length} files ${what}:${lines.join("")}`, {
    kind: "partial",
    code: "delivery-incomplete",
    hint: first.hint ?? "run the same command again; only what is missing is sent",
    cause: first,
  });
}

/** Each text once, with how often there was it: many files fail by the same directory. */
function countSame(texts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => (count === 1 ? text : `${text} (${count} times)`));
}
