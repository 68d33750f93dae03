import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ACCOUNT } from "./ftp-server.ts";

/** The account of an SSH server that exists only inside its mount namespace. */
export interface SshAccount {
  readonly uid: number;
  /** Where the server finds the home, which for a chroot is "/". */
  readonly home: string;
  readonly shell: string;
}

/**
 * Lays the upper layer of an overlay on /etc, with one more user in it, and gives the command that mounts it. A bind
 * mount over /etc/passwd would be lost when a package changes that file.
 */
export function layAccount(scratch: string, account: SshAccount): string {
  const { uid, home, shell } = account;
  const etc = join(scratch, "etc");
  const work = join(scratch, "etc-work");
  for (const folder of [etc, work, join(etc, "pam.d")]) mkdirSync(folder);
  const add = (file: string, line: string, mode = 0o644) =>
    writeFileSync(join(etc, file), `${readFileSync(`/etc/${file}`, "utf8")}${line}\n`, { mode });
  add("passwd", `${ACCOUNT.user}:x:${uid}:${uid}::${home}:${shell}`);
  add("group", `${ACCOUNT.user}:x:${uid}:`);
  add("shadow", `${ACCOUNT.user}:${ACCOUNT.hash}:19000:0:99999:7:::`, 0o640);
  const pam = "auth required pam_unix.so nodelay\naccount required pam_permit.so\nsession required pam_permit.so\n";
  writeFileSync(join(etc, "pam.d", "sshd"), pam);
  return `mount -t overlay overlay -o lowerdir=/etc,upperdir=${etc},workdir=${work} /etc`;
}

/** A folder for PATH with every command of the system in it but rsync, in whose place there is another, or none. */
export function layCommands(scratch: string, rsync: string | undefined): string {
  const bin = join(scratch, "bin");
  mkdirSync(bin);
  for (const name of readdirSync("/usr/bin")) {
    if (name !== "rsync") symlinkSync(join("/usr/bin", name), join(bin, name));
  }
  if (rsync !== undefined) symlinkSync(rsync, join(bin, "rsync"));
  return bin;
}
