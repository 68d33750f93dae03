import { readdirSync, readFileSync, statSync } from "node:fs";

/** The processes of this machine whose command line has the text in it. */
export function processesWith(text: string): number[] {
  return all().filter((pid) => read(pid, "cmdline").replaceAll("\0", " ").includes(text));
}

/** The processes of a group that are still there; one that only waits to be reaped by the system is not. */
export function processesOfGroup(group: number): number[] {
  return all().filter((pid) => {
    // After the name, in parentheses: state, parent, group (proc(5)).
    const [state, , itsGroup] = read(pid, "stat").split(") ").at(-1)?.split(" ") ?? [];
    return Number(itsGroup) === group && state !== "Z";
  });
}

/** Who runs it; undefined when it is no more. */
export function ownerOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}

function all(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // It ended while we looked.
    return "";
  }
}
