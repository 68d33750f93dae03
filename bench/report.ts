import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ftpsTable } from "./ftps/ftps-table.ts";
import { AZURE_TOOLS } from "./objects/azure-tools.ts";
import { GCS_TOOLS } from "./objects/gcs-bench.ts";
import { type Goals, linkTable, memoryTable, storeTable } from "./objects/object-tables.ts";
import { S3_TOOLS } from "./objects/s3-tools.ts";
import { purgePlanTable } from "./purge-plan.ts";
import { type BenchName, loadResults, type Result } from "./results.ts";
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
  const of = (name: BenchName) => results.filter(({ bench }) => bench === name);
  const store = (name: BenchName, tools: Tools, goals: Goals) =>
    bySize(of(name)).map((size) => storeTable(size, labelsOf(tools), goals));
  const s3Tables = [
    ...store("s3", S3_TOOLS, { first: 0.9, unchanged: 0.6 }),
    ...bySize(of("s3-link")).map((size) => linkTable(size, labelsOf(S3_TOOLS))),
    ...(of("s3-many").length > 0 ? [memoryTable(of("s3-many"), of("s3-big"))] : []),
  ];
  const azureTables = store("azure", AZURE_TOOLS, STORE_GOALS);
  const gcsTables = store("gcs", GCS_TOOLS, STORE_GOALS);
  const ftpsTables = bySize(ftps).map(ftpsTable);
  const sshTables = [...bySize(ssh).flatMap((size) => [sshTable(size), sshGoals(size)])];
  if (bigFile.length > 0) sshTables.push(bigFileTable(bigFile));
  const scanTables = bySize(scan).map(scanTable);
  const purgeTables = bySize(of("purge-plan")).map(purgePlanTable);
  console.log(
    ["", ...ftpsTables, ...sshTables, ...s3Tables, ...azureTables, ...gcsTables, ...scanTables, ...purgeTables].join(
      "\n\n",
    ),
  );
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

## Object storage

### S3

${s3Tables.join("\n\n") || "Not measured yet: `npm run bench -- s3 s3-link s3-memory`"}

- The first table is of Ceph RGW with its store in memory, over loopback: the server takes most of the time. After every
  delivery the bucket's objects are compared with the source by their MD5.
- The second is of a server that does nearly nothing (\`bench/objects/sink-server.ts\`) and answers each request 20 ms late.
  CPU is that of the whole process and what it started, start-up and scan included.
- The third is of the same server, which answers at once. The file of 5 GiB is counted there and thrown away.

${list([...of("s3"), ...of("s3-link"), ...of("s3-many"), ...of("s3-big")], describeTool)}

### Azure Blob Storage

${azureTables.join("\n\n") || "Not measured yet: `npm run bench -- azure`"}

- The server is Azurite, with everything in memory, over loopback; it is a single Node.js process and takes most of the
  time. azcopy looks at its progress every two seconds, and ends no earlier.

${list(of("azure"), describeTool)}

### Google Cloud Storage

${gcsTables.join("\n\n") || "Not measured yet: `npm run bench -- gcs`"}

- The server is the storage emulator of Firebase's tools, over loopback: a single Node.js process as well.

${list(of("gcs"), describeTool)}

## Planning, on the local disk

${scanTables.join("\n\n") || "Not measured yet: `npm run bench -- scan`"}

- Two equal trees on the local disk, with half as many directories as files (a page and a photo in the directory of every
  entry, as a CMS has it), the second made by \`smartsync push\` to a local target. The two tools run in turns, one round
  uncounted. Memory is the most that the process ever held (\`time -f %M\`).

${list(scan, describeTool)}

## Planning a purge

${purgeTables.join("\n\n") || "Not measured yet: `npm run bench -- purge-plan`"}

- The plan alone, from lists of paths in memory to requests: pages and pictures in nested directories, half of them with
  Japanese names.

${list(of("purge-plan"), describeTool)}

## Measured on

${list(results, ({ machine }) => machine)}

${dates(results)}
`,
  );
}

type Tools = Readonly<Record<string, { readonly label: string }>>;

const STORE_GOALS: Goals = { first: 0.7, unchanged: 0.7, changed: 0.7, touched: 0.7 };

function labelsOf(tools: Tools): Record<string, string> {
  return Object.fromEntries(Object.entries(tools).map(([name, { label }]) => [name, label]));
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
