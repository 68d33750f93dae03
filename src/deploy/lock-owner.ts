import { readFileSync, readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { z } from "zod";

const ownerSchema = z.object({
  format: z.literal(1),
  /** Random, new for every lock taken: the fencing token. */
  token: z.string(),
  run: z.string(),
  /** "user@host". */
  by: z.string(),
  /** Identifies the machine, its boot and its process namespace: only there does `pid` mean anything. */
  machine: z.string(),
  pid: z.int(),
  why: z.string(),
  /** ISO times. */
  since: z.iso.datetime(),
  renewed: z.iso.datetime(),
});

/** Who holds a target's lock, since when and why. */
export type LockOwner = z.output<typeof ownerSchema>;

/** The record of an owner as it is stored on the target. */
export function encodeOwner(owner: LockOwner): Uint8Array {
  return Buffer.from(`${JSON.stringify(owner)}\n`);
}

/** The owner a record tells of; undefined when it was cut short or is not one. */
export function parseOwner(record: Uint8Array): LockOwner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(Buffer.from(record).toString()));
  } catch {
    return undefined;
  }
}

/** "user@host" of this process. */
export function whoAmI(): string {
  return `${userName()}@${hostname()}`;
}

/** A name for this machine, boot and process namespace, so that a process id from elsewhere is never taken for one here. */
export function thisMachine(): string {
  return [
    hostname(),
    read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    read(() => readlinkSync("/proc/self/ns/pid")),
  ].join("|");
}

/** True when the owner ran on this very machine and its process is gone. */
export function isDeadHere(owner: LockOwner): boolean {
  return owner.machine === thisMachine() && owner.pid !== process.pid && !isAlive(owner.pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as another user.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** In a container the user id may have no name. */
function userName(): string {
  return read(() => userInfo().username) || String(process.getuid?.() ?? "user");
}

function read(fact: () => string): string {
  try {
    return fact();
  } catch {
    return "";
  }
}
