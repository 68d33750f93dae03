import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { loadConfig } from "../../../src/config/load-config.ts";
import type { PurgeNote } from "../../../src/core/purge-note.ts";
import { parsePurgeNote } from "../../../src/core/purge-note.ts";
import { deploy } from "../../../src/deploy/deploy.ts";
import type { DeployDeps, RunReport } from "../../../src/deploy/job.ts";
import { createRedactor } from "../../../src/lib/redact.ts";
import { type LocalState, openLocalState } from "../../../src/state/local-state.ts";
import { memoryCdn, memoryCdns } from "../../doubles/memory-cdn.ts";
import type { MemoryServer } from "../../doubles/memory-target.ts";
import { type TestCtx, testCtx } from "../../doubles/test-ctx.ts";
import { changes, servers } from "../memory-registry.ts";

/** Where the site's visitors go. */
export const ORIGIN = "https://www.example.jp";

/** A site on disk, targets and CDNs in memory, and the local state of one machine. */
export interface PurgedSite extends Disposable {
  /** The directory of its configuration. */
  readonly dir: string;
  state: LocalState;
  /** Makes the source hold just these files. */
  publish(files: Record<string, string>): void;
  /** What a run needs: the targets and CDNs by name with their settings, and what else the site says. */
  deps(setting?: Setting): Promise<DeployDeps>;
  push(setting?: Setting, ctx?: TestCtx): Promise<RunReport>;
  /** Forgets everything that this machine remembers, as another one would not know it. */
  forget(): void;
}

/** What the configuration says. */
export interface Setting {
  readonly targets?: Record<string, object>;
  readonly cdns?: Record<string, object>;
  readonly site?: object;
}

/** Makes an empty site; what the doubles held before is gone. */
export function makePurgedSite(): PurgedSite {
  const dir = mkdtempSync(join(tmpdir(), "smartsync-purge-"));
  servers.clear();
  changes.clear();
  memoryCdns.clear();
  const open = () => openLocalState(join(dir, ".smartsync"));
  const made: PurgedSite = {
    dir,
    state: open(),
    publish(files) {
      rmSync(join(dir, "public"), { recursive: true, force: true });
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(dir, "public", path)), { recursive: true });
        writeFileSync(join(dir, "public", path), text);
      }
    },
    async deps({ targets = { web1: {} }, cdns = { edge: {} }, site = {} } = {}) {
      const file = join(dir, "smartsync.yaml");
      const settings = { source: "./public", url: ORIGIN, targets: Object.keys(targets), cdns: Object.keys(cdns) };
      const guard = { maxDelete: "100%", maxShrink: "100%" };
      const typed = (of: Record<string, object>, key: string) =>
        Object.fromEntries(Object.entries(of).map(([name, more]) => [name, { type: "memory", [key]: name, ...more }]));
      const config = {
        sites: { corporate: { ...settings, guard, ...site } },
        targets: typed(targets, "server"),
        cdns: typed(cdns, "cdn"),
      };
      writeFileSync(file, stringify(config), { mode: 0o600 });
      const redactor = createRedactor();
      return { config: await loadConfig(file, redactor), state: made.state, redactor, approve: async () => true };
    },
    async push(setting, ctx = testCtx()) {
      return deploy({ site: "corporate", trigger: "push" }, await made.deps(setting), ctx);
    },
    forget() {
      made.state[Symbol.dispose]();
      rmSync(join(dir, ".smartsync"), { recursive: true });
      made.state = open();
    },
    [Symbol.dispose]() {
      made.state[Symbol.dispose]();
      rmSync(dir, { recursive: true });
    },
  };
  return made;
}

/** A server that a target leads to. */
export function server(name: string): MemoryServer {
  const found = servers.get(name);
  if (found === undefined) throw new Error(`nothing was delivered to ${name}`);
  return found;
}

/** The notes of purges that lie on a target. */
export function notesOn(name: string): PurgeNote[] {
  const records = [...server(name).states].filter(([record]) => record.startsWith("purge-"));
  return records.map(([, content]) => parsePurgeNote(content));
}

/** A visitor's request: what the CDN has, or what it gets from one of its targets and keeps. */
export function visit(cdn: string, target: string, path: string): string {
  const { cache } = memoryCdn(cdn);
  const address = new URL(path, ORIGIN).href;
  const kept = cache.get(address);
  if (kept !== undefined) return kept;
  const fresh = pageOf(target, path);
  cache.set(address, fresh);
  return fresh;
}

/** What a target answers, 404 included. */
export function pageOf(target: string, path: string): string {
  const file = path.endsWith("/") ? `${path}index.html` : path;
  const found = servers.get(target)?.files.get(file.slice(1));
  return found === undefined ? "404" : Buffer.from(found.content).toString();
}
