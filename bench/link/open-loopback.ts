import { run } from "../run-command.ts";
import type { Wire } from "./open-link.ts";

const ADDRESS = "127.0.0.1";

/** No distance at all: tool and server on this machine, over its loopback device. */
export function openLoopback(): Wire {
  return {
    clientAddress: ADDRESS,
    serverAddress: ADDRESS,
    command: (_side, argv) => [...argv],
    run: (_side, argv, options) => run(argv, options),
    async [Symbol.asyncDispose]() {
      // There was nothing to open.
    },
  };
}
