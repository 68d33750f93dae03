import type { Duplex } from "node:stream";

/** Watches a socket for signs of life: any byte that arrives. */
export interface LifeWatch {
  /** How the peer began, up to a few hundred bytes. */
  readonly heard: string;
  start(): void;
  pause(): void;
  resume(): void;
  stop(): void;
}

const KEEP = 512;
const LOOKS_PER_TIMEOUT = 8;

/** Calls back, once, when nothing has arrived for so long; with what was heard before. */
export function watchForLife(socket: Duplex, timeoutMs: number, onSilence: (heard: string) => void): LifeWatch {
  let heard = "";
  // Counted in looks, not by the clock: while this process was stopped, it did not listen.
  let quietLooks = 0;
  let paused = false;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    if (paused || ++quietLooks < LOOKS_PER_TIMEOUT) return;
    clearInterval(timer);
    onSilence(heard);
  };
  return {
    get heard() {
      return heard;
    },
    start() {
      timer = setInterval(look, timeoutMs / LOOKS_PER_TIMEOUT);
      socket.on("data", (chunk: Buffer) => {
        quietLooks = 0;
        if (heard.length < KEEP) heard += chunk.toString("latin1", 0, KEEP);
      });
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      quietLooks = 0;
    },
    stop: () => clearInterval(timer),
  };
}
