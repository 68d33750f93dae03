import fc from "fast-check";
import { expect, test } from "vitest";
import { createHeap } from "../../src/core/heap.ts";

test("a heap gives the least of what it holds, whenever it is asked", () => {
  const anySteps = fc.array(fc.option(fc.oneof(fc.integer(), fc.constant(Number.POSITIVE_INFINITY))), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(anySteps, (steps) => {
      const heap = createHeap<number>((number) => number);
      let model: number[] = [];
      for (const step of steps) {
        if (step === null) {
          const [least, ...rest] = model.toSorted((a, b) => a - b);
          model = rest;
          expect(heap.pop()).toBe(least);
        } else {
          heap.push(step);
          model.push(step);
        }
      }
    }),
  );
});
