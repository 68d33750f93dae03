import { stat } from "node:fs/promises";
import { findLiteralSecrets } from "./literal-secrets.ts";
import type { Origin } from "./origin.ts";
import { findSources, isInside, resolveLinks } from "./places.ts";

/** Something about the configuration that a person should know, and that stops nothing. */
export interface ConfigWarning {
  /** Stable, kebab-case. */
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** Gives the warnings for a valid configuration in this file (absolute), which lies in this directory. */
export async function findWarnings(
  config: unknown,
  file: string,
  dir: string,
  place: Origin,
): Promise<ConfigWarning[]> {
  return [...(await warnOfReaders(config, file, place)), ...(await warnOfPlace(config, file, dir))];
}

/** A password in a file that others on the machine can read. Windows keeps no such permission bits. */
async function warnOfReaders(config: unknown, file: string, place: Origin): Promise<ConfigWarning[]> {
  const [first] = findLiteralSecrets(config);
  if (first === undefined || process.platform === "win32" || ((await stat(file)).mode & 0o077) === 0) return [];
  return [
    {
      code: "config-readable-by-others",
      message: `${place(first.path)} is a password in a file that other users of this machine can read`,
      hint: `chmod 600 ${quoteForShell(file)}, or write \${env:NAME} in its place`,
    },
  ];
}

async function warnOfPlace(config: unknown, file: string, dir: string): Promise<ConfigWarning[]> {
  const real = await resolveLinks(file);
  const around = (await findSources(config, dir)).find(({ source }) => isInside(real, source));
  if (around === undefined) return [];
  return [
    {
      code: "config-inside-source",
      message: `the configuration lies inside the published directory of the site "${around.site}"; it is never delivered`,
      hint: `the CMS's own web server may show it to visitors: keep ${file} outside ${around.source}`,
    },
  ];
}

function quoteForShell(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
