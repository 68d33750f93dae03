/** How many bytes may be under way at once, among everybody who sends. */
export interface ByteBudget {
  /** Resolves when so many bytes may be sent; whoever asks first gets them first. */
  take(bytes: number): Promise<void>;
  /** Gives them back once they are answered for. */
  give(bytes: number): void;
}

/** A budget of so many bytes. One taker may always go, however much it takes. */
export function createByteBudget(limit: number): ByteBudget {
  let taken = 0;
  const waiting: { bytes: number; go: () => void }[] = [];

  function admit(): void {
    for (let first = waiting[0]; first && (taken === 0 || taken + first.bytes <= limit); first = waiting[0]) {
      waiting.shift();
      taken += first.bytes;
      first.go();
    }
  }

  return {
    take(bytes) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ bytes, go: resolve });
      admit();
      return promise;
    },
    give(bytes) {
      taken -= bytes;
      admit();
    },
  };
}
