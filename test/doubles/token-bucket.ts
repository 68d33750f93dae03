/** Lets so many through at once, and so many a second then: true when the next may pass. By the real clock. */
export function tokenBucket({ burst, perSecond }: { readonly burst: number; readonly perSecond: number }) {
  let tokens = burst;
  let at = performance.now();
  return (count = 1): boolean => {
    const now = performance.now();
    tokens = Math.min(burst, tokens + ((now - at) / 1000) * perSecond);
    at = now;
    if (tokens < count) return false;
    tokens -= count;
    return true;
  };
}
