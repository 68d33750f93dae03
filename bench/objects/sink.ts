import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Wire } from "../link/open-link.ts";
import { type BucketServer, expectSameObjects } from "./bucket-server.ts";

const PORT = 9000;
const SERVER = fileURLToPath(new URL("sink-server.ts", import.meta.url));

/** A bucket that is never what one waits for. */
export interface Sink extends BucketServer {
  /** What lies below `remote`: the rest of the key, its MD5 where it was kept, its size. */
  held(remote: string): Promise<readonly (readonly [key: string, md5: string, size: number])[]>;
}

/** Starts a bucket that is never what one waits for, at the far end of a wire; it may answer some milliseconds late. */
export async function startSink(wire: Wire, lateMs = 0): Promise<Sink> {
  const address = wire.serverAddress;
  const [program = "", ...rest] = wire.command("server", [process.execPath, SERVER, address, `${PORT}`, `${lateMs}`]);
  const server = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
  await Promise.race([once(server.stdout, "data"), once(server, "exit")]);
  if (server.exitCode !== null) throw new Error("the bucket server did not start");
  const endpoint = `http://${address}:${PORT}`;
  const held: Sink["held"] = async (remote) => {
    const prefix = `${remote.slice(1)}/`;
    const question = `${endpoint}/-/held?prefix=${encodeURIComponent(prefix)}`;
    const { stdout } = await wire.run("server", ["curl", "--silent", "--fail", question]);
    const objects = JSON.parse(stdout) as [key: string, md5: string, size: number][];
    return objects.map(([key, md5, size]) => [key.slice(prefix.length), md5, size]);
  };
  return {
    ...{ endpoint, bucket: "www", user: "bench", secret: "bench-secret", held },
    async expectSame(source, remote) {
      await expectSameObjects(source, new Map((await held(remote)).map(([key, md5]) => [key, md5])));
    },
    async [Symbol.asyncDispose]() {
      server.kill("SIGKILL");
      if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
    },
  };
}
