/**
 * Does the work for every item, so many at once. After a failure no further item is begun; it is thrown once the
 * work under way has ended, so that nothing goes on behind the caller's back.
 */
export async function forEachAtOnce<T>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  let failed = false;
  const workers = Array.from({ length: atOnce }, async () => {
    try {
      for (let next = rest.next(); !next.done && !failed; next = rest.next()) await work(next.value);
    } catch (error) {
      failed = true;
      throw error;
    }
  });
  const failure = (await Promise.allSettled(workers)).find((result) => result.status === "rejected");
  if (failure) throw failure.reason;
}
