/** A queue that gives the least first. */
export interface Heap<T> {
  push(item: T): void;
  /** Takes the least; of equals, any. Undefined when there is none. */
  pop(): T | undefined;
}

/** Makes an empty binary heap; `weigh` says how much an item counts, and is asked again and again. */
export function createHeap<T>(weigh: (item: T) => number): Heap<T> {
  const items: T[] = [];
  const weightAt = (at: number): number => {
    const item = items[at];
    return item === undefined ? Number.POSITIVE_INFINITY : weigh(item);
  };
  const swap = (one: number, other: number) => {
    const [a, b] = [items[one], items[other]];
    if (a === undefined || b === undefined) return;
    items[one] = b;
    items[other] = a;
  };
  return {
    push(item) {
      items.push(item);
      for (let at = items.length - 1; at > 0; ) {
        const above = (at - 1) >> 1;
        if (weightAt(above) <= weightAt(at)) break;
        swap(at, above);
        at = above;
      }
    },
    pop() {
      const [least] = items;
      const last = items.pop();
      if (last === undefined || items.length === 0) return least;
      items[0] = last;
      for (let at = 0; ; ) {
        const left = 2 * at + 1;
        const below = weightAt(left + 1) < weightAt(left) ? left + 1 : left;
        if (below >= items.length || weightAt(at) <= weightAt(below)) break;
        swap(at, below);
        at = below;
      }
      return least;
    },
  };
}
