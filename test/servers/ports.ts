import { createServer, type Server } from "node:net";

/** A row of ports on loopback that no other test process uses while it is held. */
export interface PortBlock {
  /** For the control connection. */
  readonly control: number;
  /** For data connections, both ends included. */
  readonly passive: { readonly first: number; readonly last: number };
  /** Gives the block to others. */
  release(): void;
}

// Below the range the kernel hands out by itself (32768 and up), so that no outgoing connection sits on them.
const FIRST = 10_240;
// Enough for a test's every transfer: a server that closes first can't have the same port again for a minute.
const SIZE = 512;
const BLOCKS = 43;
/** The clock goes round the blocks, so that a late client of a stopped server finds nobody there for a minute. */
const MS_PER_BLOCK = 2_000;

function listen(port: number): Promise<Server | undefined> {
  const { promise, resolve } = Promise.withResolvers<Server | undefined>();
  const server = createServer();
  server.once("error", () => resolve(undefined));
  server.listen({ host: "127.0.0.1", port, exclusive: true }, () => resolve(server.unref()));
  return promise;
}

/**
 * Claims a block of ports. Listening on its first port is the claim: the kernel lets one process have it and takes
 * it back when that process dies, however it dies.
 */
export async function claimPorts(): Promise<PortBlock> {
  const start = Math.floor(Date.now() / MS_PER_BLOCK);
  for (let i = 0; i < BLOCKS; i++) {
    const first = FIRST + ((start + i) % BLOCKS) * SIZE;
    const claim = await listen(first);
    if (!claim) continue;
    const control = await listen(first + 1);
    if (control) {
      await new Promise((closed) => control.close(closed));
      return {
        control: first + 1,
        passive: { first: first + 2, last: first + SIZE - 1 },
        release: () => claim.close(),
      };
    }
    claim.close();
  }
  throw new Error(`every block of ports from ${FIRST} on is taken`);
}
