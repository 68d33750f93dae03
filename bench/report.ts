import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ftpsTable } from "./ftps/ftps-table.ts";
import { loadResults, type Result } from "./results.ts";
import { scanTable } from "./scan/scan-table.ts";
import { bigFileTable } from "./ssh/big-file-table.ts";
import { sshGoals, sshTable } from "./ssh/ssh-table.ts";

const DOCUMENT = fileURLToPath(new URL("../docs/benchmarks.md", import.meta.url));

/** Writes docs/benchmarks.md from the newest result of each cell, and prints its tables. */
export async function writeReport(): Promise<void> {
  const results = await loadResults();
  const ftps = results.filter(({ bench }) => bench === "ftps");
  const scan = results.filter(({ bench }) => bench === "scan");
  const ssh = results.filter(({ bench }) => bench === "ssh");
  const bigFile = results.filter(({ bench }) => bench === "ssh-big");
  const ftpsTables = bySize(ftps).map(ftpsTable);
  const sshTables = [...bySize(ssh).flatMap((size) => [sshTable(size), sshGoals(size)])];
  if (bigFile.length > 0) sshTables.push(bigFileTable(bigFile));
  const scanTables = bySize(scan).map(scanTable);
  console.log(["", ...ftpsTables, ...sshTables, ...scanTables].join("\n\n"));
  await writeFile(
    DOCUMENT,
    `# Benchmarks

This page is written by \`npm run bench\`; don't edit it. Every figure is wall time of the whole process in seconds, the
median where there were several rounds. ✓ and ✗ say whether the goal was met.

## FTPS, 20 ms away

${ftpsTables.join("\n\n") || "Not measured yet: `npm run bench -- ftps`"}

- **The link**: two network namespaces, a TUN device in each, and between them a forwarder (\`bench/link/delay.c\`) that
  holds every packet for 10 ms each way. \`ping\` says 20.4 ms; one TCP stream carries 800 Mbit/s or more, so round trips
  are what is measured.
- **The server**: Pure-FTPd, which demands TLS on control and data connections, on the other end of the link. Every series
  gets a server, a link and an empty directory of its own.
- **The site**: generated, the same for everyone: 1,000 files have 15 MB, 10,000 have 150 MB, in 1,180 directories,
  with Japanese names among them. *1% changed* adds a few words to every hundredth file; *every mtime touched* sets all
  mtimes to now and changes no content, as a CMS does that rebuilds the whole site.
- lftp and rclone compare size and mtime, so touched files are sent again; smartsync compares content. lftp and rclone
  write straight to the final name; smartsync publishes every file whole, by a temporary name and a rename.
- After every delivery the server's directory is compared with the source, byte by byte (\`diff -r\`).

All tools have 8 connections, and their defaults besides:

${list(ftps, describeTool)}

## SSH, 20 ms away

${sshTables.join("\n\n") || "Not measured yet: `npm run bench -- ssh`"}

- The link and the site are those of the FTPS bench; the server is OpenSSH's, with \`internal-sftp\` and rsync.
- Sites and servers lie on a tmpfs (\`TMPDIR\`): how long a disk takes to make a file depends on what was deleted before.
- rsync and rclone compare size and mtime (\`rsync -c\`: content); smartsync compares content with what it recorded.
  rsync replaces file by file as they arrive; smartsync sends everything beside first, and then publishes by renames.
- The big file goes over loopback, from cache to cache: there the CPU decides. Memory is of the largest process of the
  sender (\`time -f %M\`).

${list([...ssh, ...bigFile], describeTool)}

## Planning, on the local disk

${scanTables.join("\n\n") || "Not measured yet: `npm run bench -- scan`"}

- Two equal trees on the local disk, with half as many directories as files (a page and a photo in the directory of every
  entry, as a CMS has it), the second made by \`smartsync push\` to a local target. The two tools run in turns, one round
  uncounted. Memory is the most that the process ever held (\`time -f %M\`).

${list(scan, describeTool)}

## Measured on

${list(results, ({ machine }) => machine)}

${dates(results)}
`,
  );
}

/** The results of each number of files, fewest files first. */
function bySize(results: readonly Result[]): Result[][] {
  return [...Map.groupBy(results, ({ files }) => files)].sort(([a], [b]) => a - b).map(([, group]) => group);
}

function describeTool({ tool, version, settings }: Result): string {
  return `${tool} ${version}: ${settings}`;
}

function list(results: readonly Result[], describe: (result: Result) => string): string {
  return [...new Set(results.map(describe))].map((text) => `- ${text}`).join("\n");
}

function dates(results: readonly Result[]): string {
  const days = results.map(({ date }) => date.slice(0, 10)).sort();
  const [first, last] = [days[0], days.at(-1)];
  return first === last ? `On ${first}.` : `From ${first} to ${last}.`;
}
