/**
 * Does all of this work at the same time and gives what the first gives. After a failure the others are stopped by
 * their signal, and it is thrown once all have ended, so that nothing goes on behind the caller's back.
 */
export async function atOnce<T>(
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<T>,
  ...others: readonly ((signal: AbortSignal) => Promise<unknown>)[]
): Promise<T> {
  const stop = new AbortController();
  const joint = AbortSignal.any([signal, stop.signal]);
  let failure: { readonly error: unknown } | undefined;
  const watch = async <R>(work: (signal: AbortSignal) => Promise<R>): Promise<R> => {
    try {
      return await work(joint);
    } catch (error) {
      failure ??= { error };
      stop.abort();
      throw error;
    }
  };
  const result = watch(first);
  await Promise.allSettled([result, ...others.map(watch)]);
  if (failure !== undefined) throw failure.error;
  return result;
}
