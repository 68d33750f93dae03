import { SmartsyncError } from "../../lib/errors.ts";
import type { FtpConnection } from "./ftp-connection.ts";
import { listDirectory } from "./list-directory.ts";
import { saysMissing } from "./replies.ts";
import type { Server } from "./server.ts";

/** What is under a path; "unclear" when the server does not let us know for certain. */
export type Presence = "absent" | "file" | "directory" | "unclear";

/** Finds out what is under paths of one server; remembers the directories it has seen, so use it for one question. */
export type FindOut = (path: string) => Promise<Presence>;

/**
 * Servers refuse with the same "550" what is not there and what they won't give. Absent is only what the listing of
 * the directory above lacks, or what lies below something absent.
 */
export function createFindOut(connection: FtpConnection, server: Server): FindOut {
  const seen = new Map<string, Promise<(name: string) => Presence>>();

  async function look(dir: string): Promise<(name: string) => Presence> {
    const found = await listDirectory(connection, server, dir);
    if ("refusal" in found) {
      const presence = saysMissing(found.refusal, dir) ? "absent" : dir === "" ? "unclear" : await findOut(dir);
      return () => (presence === "absent" || presence === "file" ? "absent" : "unclear");
    }
    const byName = new Map(found.entries.map((entry) => [fold(entry.name), entry]));
    return (name) => {
      const entry = byName.get(fold(name));
      if (entry) return entry.isDirectory ? "directory" : "file";
      const shown = name.startsWith(".") ? found.showsDotFiles : found.showsFiles;
      return shown ? "absent" : "unclear";
    };
  }

  async function findOut(path: string): Promise<Presence> {
    const cut = path.lastIndexOf("/");
    const dir = path.slice(0, Math.max(cut, 0));
    let known = seen.get(dir);
    if (!known) {
      known = look(dir);
      seen.set(dir, known);
    }
    return (await known)(path.slice(cut + 1));
  }
  return findOut;
}

/** A server that writes names in another form still has the file: compared loosely, absent errs towards present. */
function fold(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

/** The failure when it can't be told whether something exists. */
export function unclear(doing: string, path: string, said: string): SmartsyncError {
  return new SmartsyncError(
    `could not ${doing} ${path}: the server says "${said}", and whether it exists can't be told`,
    {
      kind: "config",
      code: "existence-unclear",
      hint: "let the FTP user read and list the directories above it",
    },
  );
}
