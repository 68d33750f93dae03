import { toSmartsyncError } from "../lib/errors.ts";
import { keepHeapTight } from "../lib/heap-growth.ts";
import { createRedactor } from "../lib/redact.ts";
import { EXIT } from "./exit-code.ts";
import { runCli } from "./program.ts";
import { stopOnSignals } from "./stop-on-signals.ts";

keepHeapTight();

const { stdin, stdout, stderr, env } = process;
const redactor = createRedactor();

// A reader that has had enough ("| head") must not end a delivery: what it would have read is dropped.
for (const stream of [stdout, stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

// What nobody caught is a defect, and what is under way can't be trusted any more; the next run takes it up.
process.on("uncaughtException", (error) => {
  const { message, code, hint } = toSmartsyncError(error);
  stderr.write(
    redactor.redact(`error: ${message} [${code}]\nhint: ${hint}\n${env.SMARTSYNC_DEBUG ? `${error.stack}\n` : ""}`),
  );
  process.exit(EXIT.failed);
});

const signal = stopOnSignals({
  on: (name, listener) => void process.on(name, listener),
  exit: () => process.exit(EXIT.interrupted),
});

process.exitCode = await runCli(process.argv.slice(2), { stdin, stdout, stderr, env, signal, redactor });
