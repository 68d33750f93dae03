/** What the data holds at the path; undefined when there is no such thing. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = Reflect.get(at, step);
  }
  return at;
}

/** The entries of a mapping; none for anything else. */
export function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

/** Every text and number in a value, however deep, with the way to it. */
export function* eachScalar(
  value: unknown,
  path: readonly PropertyKey[] = [],
): Generator<[readonly PropertyKey[], string]> {
  if (typeof value === "string" || typeof value === "number") yield [path, String(value)];
  const steps = Array.isArray(value) ? value.entries() : entriesOf(value);
  for (const [step, below] of steps) yield* eachScalar(below, [...path, step]);
}
