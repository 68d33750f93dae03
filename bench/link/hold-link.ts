import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../ftps/server.ts";
import { openLink } from "./open-link.ts";

/** Opens a link with Pure-FTPd behind it, says how to reach it, and keeps it until the signal aborts: to try things by hand. */
export async function holdLink(signal: AbortSignal): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "smartsync-link-"));
  try {
    await using link = await openLink({ delayMs: 10 });
    await using server = await startServer(link, scratch);
    console.log(`host         ${server.host}
port         ${server.port}
user         ${server.user}
password     ${server.password}
fingerprint  ${server.fingerprint}
its files    ${server.root}
20 ms away   ${link.command("client", ["<command>"]).join(" ")}
0 ms away    ${link.command("server", ["<command>"]).join(" ")}
Ctrl-C takes it all down.`);
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
