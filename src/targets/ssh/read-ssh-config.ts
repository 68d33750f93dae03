import { glob, readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import SshConfig from "ssh-config";
import { SmartsyncError } from "../../lib/errors.ts";
import { expandHome } from "./expand-home.ts";

/** What ~/.ssh/config says of a host. */
export interface HostEntry {
  readonly hostName?: string;
  readonly port?: number;
  readonly user?: string;
  readonly identityFiles: readonly string[];
  readonly proxyJump?: string;
  readonly proxyCommand?: string;
}

/** Looks up what the configuration says of a host by the name it was called; everything absent where it says nothing. */
export interface HostEntries {
  find(name: string): HostEntry;
  /** There are `Match exec` conditions, which are taken as not met. */
  readonly ignoresConditions: boolean;
}

/** OpenSSH gives up at the same depth (ssh_config(5), Include). */
const DEEPEST_INCLUDE = 16;

/** Reads an ssh_config(5) file and what it includes. A missing one says nothing, unless it must be there. */
export async function readSshConfig(file: string, home: string, mustExist: boolean): Promise<HostEntries> {
  const text = await readWithIncludes(file, home, mustExist ? -1 : 0);
  try {
    return parseSshConfig(text);
  } catch (cause) {
    throw new SmartsyncError(`could not understand ${file}: ${cause instanceof Error ? cause.message : cause}`, {
      kind: "config",
      code: "ssh-config-unreadable",
      hint: "correct it, or set sshConfig: false to do without",
      cause,
    });
  }
}

async function readWithIncludes(file: string, home: string, depth: number): Promise<string> {
  const text = await readConfigFile(file, depth < 0);
  if (!/^\s*include\s/im.test(text) || depth >= DEEPEST_INCLUDE) return text;
  const lines = await Promise.all(
    text.split("\n").map(async (line) => {
      const patterns = /^\s*include\s+(.*\S)/i.exec(line)?.[1];
      if (patterns === undefined) return line;
      const parts: string[] = [];
      for (const pattern of patterns.match(/"[^"]+"|\S+/g) ?? []) {
        const path = expandHome(pattern.replaceAll('"', ""), home);
        const files = await Array.fromAsync(glob(isAbsolute(path) ? path : join(home, ".ssh", path)));
        for (const found of files.sort()) parts.push(await readWithIncludes(found, home, Math.max(depth, 0) + 1));
      }
      return parts.join("\n");
    }),
  );
  return lines.join("\n");
}

async function readConfigFile(file: string, mustExist: boolean): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    if (why === "ENOENT" && !mustExist) return "";
    throw new SmartsyncError(`could not read ${file}: ${why === "ENOENT" ? "there is no such file" : why}`, {
      kind: "config",
      code: "ssh-config-unreadable",
      hint: "correct `sshConfig`, or set sshConfig: false to do without",
      cause,
    });
  }
}

/** Understands the text of an ssh_config(5) file. Runs nothing that it names. */
export function parseSshConfig(text: string): HostEntries {
  const config = SshConfig.parse(text);
  return {
    ignoresConditions: /^\s*match\s.*\bexec\b/im.test(text),
    find(name) {
      const found = config.compute(name, { ignoreCase: true, matchExec: false });
      const one = (key: string): string | undefined => [found[key]].flat()[0];
      const hostName = one("hostname");
      const port = Number(one("port"));
      const user = one("user");
      const proxyJump = one("proxyjump");
      const proxyCommand = [found.proxycommand ?? []].flat().join(" ");
      return {
        identityFiles: [found.identityfile ?? []].flat(),
        ...(hostName ? { hostName: hostName.replaceAll("%h", name).replaceAll("%%", "%") } : {}),
        ...(port ? { port } : {}),
        ...(user ? { user } : {}),
        ...(proxyJump ? { proxyJump } : {}),
        ...(proxyCommand && proxyCommand !== "none" ? { proxyCommand } : {}),
      };
    },
  };
}
