import { expect, test } from "vitest";
import { stopOnSignals } from "../../src/cli/stop-on-signals.ts";

function fakeProcess() {
  const listeners = new Map<string, () => void>();
  let exits = 0;
  let now = 1000;
  const signal = stopOnSignals(
    {
      on: (name, listener) => void listeners.set(name, listener),
      exit: () => void exits++,
    },
    () => now,
  );
  return {
    signal,
    exits: () => exits,
    raise: (name: string, at: number) => {
      now = at;
      listeners.get(name)?.();
    },
  };
}

test.each(["SIGINT", "SIGTERM", "SIGHUP"])("the first %s asks to stop", (name) => {
  const { signal, exits, raise } = fakeProcess();
  expect(signal.aborted).toBe(false);
  raise(name, 1000);
  expect(signal.aborted).toBe(true);
  expect(exits()).toBe(0);
});

test("one key press that arrives twice, by the terminal and by the launcher, is one", () => {
  const { exits, raise } = fakeProcess();
  raise("SIGINT", 1000);
  raise("SIGINT", 1020);
  expect(exits()).toBe(0);
});

test("the second press ends the process at once", () => {
  const { exits, raise } = fakeProcess();
  raise("SIGINT", 1000);
  raise("SIGINT", 1700);
  expect(exits()).toBe(1);
});
