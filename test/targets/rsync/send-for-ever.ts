import { text } from "node:stream/consumers";
import { sendByRsync } from "../../../src/targets/ssh/rsync/send-by-rsync.ts";
import { bodyOf, bytes, metaOf, stalledBody } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { openLine } from "../ssh-lines.ts";

// A process to be killed: begins to send a file that never comes to its end, to the stage told on standard input.
const { server, dir, spools } = JSON.parse(await text(process.stdin));
const line = await openLine(server);
const settings = { rsyncPath: "rsync", times: true, modes: true, compress: false, spools, modeOf: () => 0o644 };
const whole = { id: "0a", file: metaOf("a.html", bytes(1_000)), body: bodyOf(bytes(1_000)) };
const endless = { id: "0b", file: metaOf("b.bin", bytes(1_000)), body: stalledBody(bytes(1_000)) };
await sendByRsync(line, settings)([whole, endless], dir, testCtx(), { done() {}, failed() {} });
