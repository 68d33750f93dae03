import { readFile } from "node:fs/promises";
import { SmartsyncError } from "../lib/errors.ts";
import { reasonOfCall } from "../lib/reason-of-call.ts";

/** The text of a configuration file; a byte order mark is taken off. Throws "config-missing" or "config-unreadable". */
export async function readConfigFile(file: string): Promise<string> {
  const bytes = await readBytes(file);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new SmartsyncError(`${file} is not UTF-8`, {
      kind: "config",
      code: "config-unreadable",
      hint: "save it as UTF-8; an editor may have used Shift_JIS or another encoding",
      cause: error,
    });
  }
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new SmartsyncError(`there is no configuration file ${file}`, {
        kind: "config",
        code: "config-missing",
        hint: "`smartsync init` writes one; `--config <file>` or SMARTSYNC_CONFIG names another",
        cause: error,
      });
    }
    throw new SmartsyncError(`the configuration file ${file} can't be read: ${reasonOfCall(error)}`, {
      kind: "config",
      code: "config-unreadable",
      cause: error,
    });
  }
}
