import { join } from "node:path";
import { ftpsTarget } from "../../src/targets/ftps/ftps-target.ts";
import type { Target } from "../../src/targets/target.ts";
import { type DiskLayout, diskLook } from "../contract/disk-look.ts";
import { type TargetServer, type TargetTraits, testTarget } from "../contract/target-contract.ts";
import { type TestCtx, testCtx } from "../doubles/test-ctx.ts";
import { ACCOUNT, type FtpServer } from "../servers/ftp-server.ts";

/** What a configuration says of a server that is trusted by its own CA, and more or other things. */
export function settingsFor(server: FtpServer, more: object = {}) {
  const { host, port, user, password, path, tls: security, certificate } = server;
  const trust = certificate ? { ca: certificate.caFile } : {};
  return ftpsTarget.schema.parse({ type: "ftps", host, port, user, password, path, security, ...trust, ...more });
}

/** Opens a target on a server. */
export function openOn(server: FtpServer, more: object = {}, ctx: TestCtx = testCtx()): Promise<Target> {
  return ftpsTarget.open(settingsFor(server, more), { name: "web", baseDir: "/" }, ctx);
}

/** What differs from a target on a server that can everything. */
interface Case {
  /** More of the target's configuration. */
  settings?: object;
  lacking?: Partial<TargetTraits>;
  names?: DiskLayout["names"];
  /** Done with each target first: what only the first replaced file shows must be known to it. */
  warmUp?: (target: Target) => Promise<void>;
}

/** Runs the target contract against a real server. */
export function contract(name: string, start: () => Promise<FtpServer>, more: Case = {}): void {
  const { settings, lacking, names, warmUp } = more;
  const setup = async (): Promise<TargetServer> => {
    const server = await start();
    return {
      async open() {
        const target = await openOn(server, settings);
        await warmUp?.(target);
        return target;
      },
      look: diskLook({
        root: server.root,
        stateDir: join(server.home, ".smartsync"),
        owner: ACCOUNT,
        ...(names ? { names } : {}),
      }),
      stop: () => server.stop(),
    };
  };
  testTarget(name, setup, lacking);
}
