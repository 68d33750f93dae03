import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { SmartsyncError } from "../../lib/errors.ts";
import type { AkamaiConfig } from "../akamai.ts";
import { parseEdgerc } from "./parse-edgerc.ts";
import type { EdgeGridKeys } from "./sign-edgegrid.ts";

/** Who signs, and where requests go. */
export interface EdgeGridCredentials extends EdgeGridKeys {
  readonly host: URL;
}

/**
 * The credentials of the configuration, or those of a section of an .edgerc file. Throws "credentials-missing" (kind
 * auth) for a file that can't be read or lacks something; a message never has a value of it.
 */
export async function credentialsOf(config: AkamaiConfig, baseDir: string): Promise<EdgeGridCredentials> {
  const { host, clientToken, clientSecret, accessToken, section = "default" } = config;
  if (host !== undefined && clientToken !== undefined && clientSecret !== undefined && accessToken !== undefined) {
    return { host: urlOf(host, "`host`"), clientToken, clientSecret, accessToken };
  }
  const file = fileOf(config.edgerc ?? "~/.edgerc", baseDir);
  const sections = parseEdgerc(await read(file));
  const found = sections.get(section);
  if (found === undefined) {
    const names = [...sections.keys()].join(", ");
    throw missing(
      `${file} has no section [${section}]`,
      `it has ${names || "none"}: \`section\` says which one to use`,
    );
  }
  const value = (key: string) => {
    const text = found.get(key);
    if (text) return text;
    throw missing(`section [${section}] of ${file} has no ${key}`, "download the API client's credentials again");
  };
  return {
    host: urlOf(value("host"), `host in section [${section}] of ${file}`),
    clientToken: value("client_token"),
    clientSecret: value("client_secret"),
    accessToken: value("access_token"),
  };
}

function fileOf(path: string, baseDir: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : resolve(baseDir, path);
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const hint = "write host, clientToken, clientSecret and accessToken, or name the file: `edgerc`";
    throw missing(`could not read ${file}`, hint, cause);
  }
}

/** Akamai gives it without https://, and some tools write it with. */
function urlOf(host: string, where: string): URL {
  const url = URL.parse(host.includes("://") ? host : `https://${host}`);
  if (url !== null) return url;
  throw missing(`${where} is no host name`, "it looks like akab-….luna.akamaiapis.net");
}

function missing(message: string, hint: string, cause?: unknown): SmartsyncError {
  return new SmartsyncError(message, { kind: "auth", code: "credentials-missing", hint, cause });
}
