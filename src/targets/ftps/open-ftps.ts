import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Ctx } from "../../core/context.ts";
import { nameFault } from "../../core/names.ts";
import { parentsOf, type RelPath } from "../../core/rel-path.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { below, rootOf, stateDirOf } from "../files/document-root.ts";
import { tempPath } from "../files/own-names.ts";
import type { OpenOptions, Target, TargetCaps } from "../target.ts";
import { type ConnectionPool, createConnectionPool } from "./connection-pool.ts";
import { openConnection } from "./ftp-connection.ts";
import type { FtpsConfig } from "./ftps-config.ts";
import { listFiles } from "./list-files.ts";
import { createNameCodec } from "./name-codec.ts";
import { ancestorsOf, putFile } from "./put-file.ts";
import { readFile as readRemote } from "./read-file.ts";
import { removeFiles, sweepFiles } from "./remove-files.ts";
import { createServer, namesOf, type Server } from "./server.ts";
import { openStage } from "./stage.ts";
import { createStateFolder } from "./state-folder.ts";
import { createStateStore } from "./state-store.ts";
import { createTrust } from "./trust.ts";

/** Connects to the server, logs in and learns what it can do. */
export async function openFtps(config: FtpsConfig, options: OpenOptions, ctx: Ctx): Promise<Target> {
  warnOfRisks(config, options.name, ctx);
  const trust = createTrust(config, await readAuthorities(config, options.baseDir));
  const server = createServer(config, trust, createNameCodec(config.encoding));
  const first = await openConnection(server, ctx.signal);
  Object.assign(server, first.found);
  const pool = createConnectionPool(first, {
    limit: Math.min(config.connections, options.learnedConnections ?? config.connections),
    connect: (signal) => openConnection(server, signal),
    onLimit(connections, reason) {
      options.onLimitLearned?.(connections);
      ctx.emit({ type: "limit-learned", target: options.name, connections, reason });
    },
  });
  return assemble(pool, server);
}

function assemble(pool: ConnectionPool, server: Server): Target {
  const root = rootOf(server.config);
  const stateDir = stateDirOf(server.config);
  const state = createStateFolder(pool, server, stateDir, below(root, stateDir));
  const names = namesOf(server, root);
  const at = (path: string): string => (path === "" ? root : `${root}/${path}`);
  const made = new Set<string>();
  const caps: TargetCaps = {
    names,
    alwaysStages: false,
    features: server.features,
    // Twice: while one file's renaming is answered, its connection carries the next.
    get concurrency() {
      return pool.limit * 2;
    },
    get atomicReplace() {
      return server.renameReplaces;
    },
    get mtimes() {
      return server.mtimeCommand !== undefined;
    },
    get modes() {
      return server.chmod;
    },
  };

  function checkName(path: RelPath): void {
    const fault = nameFault(path, names);
    if (fault === undefined) return;
    throw new SmartsyncError(`could not send ${path}: the name ${fault}`, { kind: "config", code: "bad-name" });
  }

  return {
    caps,
    state: createStateStore(pool, server, state),
    list: (prefix, ctx) => listFiles(pool, server, { root, stateDir }, prefix, ctx),
    get: (path, ctx) =>
      pool.use(ctx, async (connection) => {
        const content = await readRemote(connection, server, at(path));
        if (content) return content;
        throw new SmartsyncError(`could not read ${at(path)}: there is no such file`, {
          kind: "not-found",
          code: "not-found",
        });
      }),
    async put(file, body, ctx) {
      checkName(file.path);
      const path = at(file.path);
      const temporary = at(tempPath(file.path));
      await putFile(pool, server, { path, tempPath: temporary, meta: file, body }, ctx);
      return {};
    },
    async makeDirs(dirs, ctx) {
      const missing = withParents(dirs).filter((dir) => !made.has(dir));
      if (missing.length === 0) return;
      const paths = [...ancestorsOf(`${root}/`), ...missing.map(at)];
      // What can't be made shows, and is told, when a file is to go there.
      await pool.use(ctx, (connection) => connection.sendAll(paths.map((path) => `MKD ${path}`)));
      for (const dir of missing) made.add(dir);
    },
    remove: (paths, ctx, done) => removeFiles(pool, server, paths, at, ctx, done),
    async removeDirs(dirs, ctx) {
      if (dirs.length === 0) return;
      for (const dir of dirs) made.delete(dir);
      await pool.use(ctx, (connection) => connection.sendAll(dirs.map((dir) => `RMD ${at(dir)}`)));
    },
    sweep: (paths, ctx) =>
      sweepFiles(
        pool,
        paths.map((path) => at(tempPath(path))),
        ctx,
      ),
    stage: (_run, ctx) => openStage({ pool, server, state, at, checkName }, ctx),
    [Symbol.asyncDispose]: () => pool.close(),
  };
}

/** The directories and every one above them, parents first. */
function withParents(dirs: readonly string[]): string[] {
  return [...new Set(dirs.flatMap((dir) => [...parentsOf(dir).reverse(), dir]))];
}

async function readAuthorities({ ca }: FtpsConfig, baseDir: string): Promise<string | undefined> {
  if (ca === undefined) return undefined;
  const file = resolve(baseDir, ca);
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new SmartsyncError(`could not read the certificate authorities in ${file}`, {
      kind: "config",
      code: "ca-unreadable",
      hint: "`ca` names a PEM file, relative to the configuration file",
      cause,
    });
  }
}

function warnOfRisks(config: FtpsConfig, target: string, ctx: Ctx): void {
  if (config.security === "none") {
    ctx.emit({
      type: "warning",
      target,
      code: "not-encrypted",
      message: `${config.host} is spoken to in plain FTP: the password and every file can be read on the way`,
      hint: 'most servers speak TLS: try security: "explicit"',
    });
  }
  if (config.insecure) {
    ctx.emit({
      type: "warning",
      target,
      code: "certificate-unchecked",
      message: `the certificate of ${config.host} is not checked: anybody on the way can pose as it and take the password`,
      hint: "`fingerprint` trusts exactly one certificate",
    });
  }
}
