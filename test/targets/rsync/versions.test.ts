import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { StagedFile } from "../../../src/targets/ssh/send-many.ts";
import { bytes } from "../../doubles/site-file.ts";
import { ensurePackages } from "../../servers/packages.ts";
import { commandOf, landed, OLD_RSYNC, type SendStage, type Sent, send, sendStage, staged } from "./stage.ts";

ensurePackages();

/** Everything that smartsync asks of rsync, and rsync 3.1 knows (its manual page of 2013). */
const KNOWN_TO_3_1 =
  "files-from|from0|no-relative|ignore-times|partial|remove-source-files|times|perms|compress|protect-args|info|out-format|timeout|rsync-path|rsh";

const CASES: readonly { here: string; script?: () => string; there: string; server?: () => string }[] = [
  { here: "the installed rsync", there: "the installed rsync" },
  { here: "the old rsync", script: () => `exec ${OLD_RSYNC()} "$@"`, there: "the installed rsync" },
  { here: "the installed rsync", there: "the old rsync", server: OLD_RSYNC },
  { here: "the old rsync", script: () => `exec ${OLD_RSYNC()} "$@"`, there: "the old rsync", server: OLD_RSYNC },
  { here: "protocol 30, as rsync 3.0", script: () => talking(30), there: "the installed rsync" },
  { here: "protocol 31, as rsync 3.1", script: () => talking(31), there: "the old rsync", server: OLD_RSYNC },
  { here: "an rsync that knows no option newer than 3.1", script: strict, there: "the installed rsync" },
];

function talking(protocol: number): string {
  return `case $1 in --version) exec /usr/bin/rsync "$@";; esac; exec /usr/bin/rsync --protocol=${protocol} "$@"`;
}

function strict(): string {
  return `for word do
    case $word in --) break;; --version) echo "rsync  version 3.1.0  protocol version 31"; exit 0;; esac
    echo "$word" | grep -Eq -- '^--(${KNOWN_TO_3_1})(=|$)' || { echo "rsync: $word: unknown option" >&2; exit 1; }
  done
  exec /usr/bin/rsync --protocol=31 "$@"`;
}

describe.each(CASES)("$here here, $there on the server", ({ script, server }) => {
  test("files arrive whole, with their times and permissions, and again when they changed", async () => {
    if (script) commandOf("rsync", script());
    const stage = await sendStage(server ? { rsync: server() } : {});
    const first = [
      staged("index.html", bytes(20_000, 1), { mode: 0o640, mtimeMs: Date.UTC(2001, 1, 3, 4, 5, 6) }),
      staged("画像/大きい.bin", bytes(3_000_000, 2), { mode: 0o755 }),
      staged("empty.txt", bytes(0)),
    ];
    expectAll(stage, first, await send(stage, first));
    const { mode, mtimeMs } = statSync(join(stage.dir, first[0]?.id ?? ""));
    expect({ mode: mode & 0o777, mtimeMs }).toEqual({ mode: 0o640, mtimeMs: Date.UTC(2001, 1, 3, 4, 5, 6) });
    // Of the same size and time as what lies there: rsync's own quick check would leave it out.
    const changed = [staged("index.html", bytes(20_000, 3), { mtimeMs: Date.UTC(2001, 1, 3, 4, 5, 6) })];
    expectAll(stage, changed, await send(stage, changed));
  });
});

function expectAll(stage: SendStage, files: readonly StagedFile[], sent: Sent): void {
  expect(sent.error).toBeUndefined();
  expect(sent.done.toSorted()).toEqual(files.map(({ file }) => file.path).toSorted());
  const hashes = files.map((file) =>
    createHash("sha256")
      .update(landed(stage, file) ?? "")
      .digest("hex"),
  );
  expect(hashes).toEqual(files.map(({ file }) => file.sha256));
}
