import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DeliveryBench } from "../deliveries/tool.ts";
import { writeSite } from "../site.ts";
import type { BucketServer } from "./bucket-server.ts";
import { S3_TOOLS } from "./s3-tools.ts";
import { startSink } from "./sink.ts";

const { smartsync } = S3_TOOLS;

/**
 * S3 with nothing to wait for but 20 ms, which are the server's: a simulated wire would take more CPU time of the tools
 * than their own work does. 6 KB a file.
 */
export const linkBench: DeliveryBench<BucketServer> = {
  name: "s3-link",
  delayMs: 0,
  tools: S3_TOOLS,
  writeSource: (source, files) => writeSite(source, { files, entries: 960, minBytes: 6144, maxBytes: 6144 }),
  startServer: (wire) => startSink(wire, 20),
};

/** Very many small files: what they take of memory. */
export const manyBench: DeliveryBench<BucketServer> = {
  name: "s3-many",
  delayMs: 0,
  tools: { smartsync },
  writeSource: (source, files) => writeSite(source, { files, entries: 9600, minBytes: 1000, maxBytes: 1000 }),
  startServer: (wire) => startSink(wire),
};

const BIG_NAME = "動画.mp4";
const BIG_BYTES = 5 * 2 ** 30;

/** One file of 5 GiB, which the server counts and throws away. */
export const bigBench: DeliveryBench<BucketServer> = {
  name: "s3-big",
  delayMs: 0,
  tools: { smartsync },
  async writeSource(source) {
    await mkdir(source);
    await writeFile(join(source, BIG_NAME), "");
    await truncate(join(source, BIG_NAME), BIG_BYTES);
    return [BIG_NAME];
  },
  async startServer(wire) {
    const sink = await startSink(wire);
    return {
      ...sink,
      async expectSame(_source, remote) {
        const found = (await sink.held(remote)).find(([key]) => key === BIG_NAME);
        if (found?.[2] !== BIG_BYTES) throw new Error(`the server counted ${found?.[2]} bytes of ${BIG_BYTES}`);
      },
    };
  },
};
