import { chmod, chown, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Look } from "./target-contract.ts";

/** Where a server keeps what a target sees. */
export interface DiskLayout {
  /** The document root. */
  readonly root: string;
  /** Where the target keeps its state, when that is outside the root. */
  readonly stateDir?: string;
  /** Who the target acts as, when that is not this process: what is laid there will be theirs. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** How names are written on that disk; UTF-8 when absent. `decode` undoes `encode`. */
  readonly names?: { encode(name: string): Buffer; decode(raw: Buffer): string };
  /** True keeps the (emptied) document root itself when everything is cleared: a login ends there. */
  readonly keepRoot?: boolean;
}

/** Looks at a document root straight on this machine's disk. */
export function diskLook({ root, stateDir, owner, names, keepRoot = false }: DiskLayout): Look {
  const encode = names?.encode ?? ((name: string) => Buffer.from(name));
  const decode = names?.decode ?? ((raw: Buffer) => raw.toString());
  const at = (path: string): Buffer => Buffer.concat([Buffer.from(`${root}/`), encode(path)]);
  const ownDir = stateDir ?? join(root, ".smartsync");

  async function makeDir(path: string): Promise<void> {
    const made = path === "" ? Buffer.from(root) : at(path);
    await mkdir(made).catch(unlessCode("EEXIST"));
    if (owner) await chown(made, owner.uid, owner.gid);
  }

  return {
    read: (path) => readFile(at(path)).catch(unlessCode("ENOENT", "ENOTDIR")),
    async write(path, content) {
      const segments = path.split("/");
      for (let depth = 0; depth < segments.length; depth++) await makeDir(segments.slice(0, depth).join("/"));
      await writeFile(at(path), content);
      await chmod(at(path), 0o644);
      if (owner) await chown(at(path), owner.uid, owner.gid);
    },
    async listAll() {
      const files: string[] = [];
      const walk = async (dir: Buffer, prefix: string): Promise<void> => {
        const entries =
          (await readdir(dir, { withFileTypes: true, encoding: "buffer" }).catch(unlessCode("ENOENT"))) ?? [];
        for (const entry of entries) {
          const path = prefix + decode(entry.name);
          const inside = Buffer.concat([dir, Buffer.from("/"), entry.name]);
          if (!entry.isDirectory()) files.push(path);
          else if (path !== ".smartsync") await walk(inside, `${path}/`);
        }
      };
      await walk(Buffer.from(root), "");
      return files.sort();
    },
    async listState() {
      const options = { recursive: true, withFileTypes: true } as const;
      const entries = (await readdir(ownDir, options).catch(unlessCode("ENOENT"))) ?? [];
      const files = entries.filter((entry) => !entry.isDirectory());
      return files.map(({ parentPath, name }) => relative(ownDir, join(parentPath, name))).sort();
    },
    async stat(path) {
      const found = await stat(at(path)).catch(unlessCode("ENOENT", "ENOTDIR"));
      return found && { mtimeMs: found.mtimeMs, mode: found.mode & 0o7777, isDirectory: found.isDirectory() };
    },
    async clear() {
      if (keepRoot) {
        const entries = await readdir(root);
        await Promise.all(entries.map((entry) => rm(join(root, entry), { recursive: true, force: true })));
      } else {
        await rm(root, { recursive: true, force: true });
      }
      if (stateDir) await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** Swallows errors with these codes, giving undefined, and rethrows every other. */
function unlessCode(...codes: string[]): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof Error && "code" in error && codes.includes(String(error.code))) return undefined;
    throw error;
  };
}
