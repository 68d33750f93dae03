import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PortBlock } from "./ports.ts";
import type { S3Keys, S3Server } from "./s3-server.ts";
import { startInScratch } from "./scratch-server.ts";

/** tempauth's access key is account:user. */
const OWNER: S3Keys = { accessKeyId: "smartsync:owner", secretAccessKey: "secret-of-the-owner" };
const STORAGE = ["account", "container", "object"] as const;
/** What answers S3 requests lies behind what each other part of Swift needs: see proxy-server.conf-sample. */
const PIPELINE =
  "catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy slo dlo versioned_writes proxy-logging proxy-server";

/** One process, as root, that says everything on its standard error. */
function common(scratch: string, port: number): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = root
swift_dir = /etc/swift
devices = ${join(scratch, "devices")}
mount_check = false
fallocate_reserve = 0
db_preallocation = off
# a listing that lags behind is another server's affair: here it waits
container_update_timeout = 60
node_timeout = 60
conn_timeout = 10
`;
}

function storage(kind: string): string {
  return `[pipeline:main]
pipeline = healthcheck ${kind}-server
[app:${kind}-server]
use = egg:swift#${kind}
[filter:healthcheck]
use = egg:swift#healthcheck
`;
}

function proxy(cache: number): string {
  const filters = {
    catch_errors: "",
    gatekeeper: "",
    healthcheck: "",
    cache: `use = egg:swift#memcache\nmemcache_servers = 127.0.0.1:${cache}`,
    listing_formats: "",
    bulk: "",
    s3api: "location = us-east-1\nmulti_delete_concurrency = 8",
    tempauth: `user_${OWNER.accessKeyId.replace(":", "_")} = ${OWNER.secretAccessKey} .admin`,
    copy: "",
    slo: "",
    dlo: "",
    versioned_writes: "",
    "proxy-logging": "use = egg:swift#proxy_logging",
  };
  const sections = Object.entries(filters).map(([name, lines]) => {
    const use = lines.startsWith("use = ") ? "" : `use = egg:swift#${name}\n`;
    return `[filter:${name}]\n${use}${lines}\n`;
  });
  return `[pipeline:main]
pipeline = ${PIPELINE}
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
node_timeout = 60
${sections.join("")}`;
}

/** Lays a whole /etc/swift; the rings are made when the servers are started. */
function configure(scratch: string, ports: PortBlock): void {
  const lay = (name: string, text: string) => writeFileSync(join(scratch, "etc", name), text);
  for (const folder of ["etc", "devices"]) mkdirSync(join(scratch, folder), { recursive: true });
  lay(
    "swift.conf",
    "[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = z\n[storage-policy:0]\nname = only\ndefault = yes\n",
  );
  STORAGE.forEach((kind, i) => {
    lay(`${kind}-server.conf`, common(scratch, ports.passive.first + i) + storage(kind));
  });
  lay("proxy-server.conf", common(scratch, ports.control) + proxy(ports.passive.first + STORAGE.length));
}

/** What swift-ring-builder does, for all rings in one process: "KIND PORT"... are the servers, each with one disk. */
const RINGS = `
import sys
from swift.common.ring import RingBuilder
for kind, port in zip(sys.argv[1::2], sys.argv[2::2]):
    ring = RingBuilder(1, 1, 0)
    ring.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "d1", "weight": 1})
    ring.rebalance()
    ring.get_ring().save(kind + ".ring.gz")`;

/** Objects lie in memory, where that can hold attributes of files (since Linux 6.6), else on the disk. */
function inMemory(devices: string): string {
  return `mount -t tmpfs none ${devices}
python3 -c 'import os; os.setxattr("${devices}", "user.swift", b"")' || umount ${devices}
mkdir ${devices}/d1`;
}

/** One script for one pid and mount namespace, where /etc/swift is ours. */
function start(scratch: string, ports: PortBlock): string {
  const serve = (kind: string) => `swift-${kind}-server /etc/swift/${kind}-server.conf --verbose &`;
  const stands = (port: number) => `until curl -s -o /dev/null 127.0.0.1:${port}/healthcheck; do sleep 0.05; done`;
  const portOf = (i: number) => ports.passive.first + i;
  return `mount --bind ${join(scratch, "etc")} /etc/swift
${inMemory(join(scratch, "devices"))}
cd /etc/swift
python3 -c '${RINGS}' ${STORAGE.map((kind, i) => `${kind} ${portOf(i)}`).join(" ")}
memcached -u root -l 127.0.0.1 -p ${portOf(STORAGE.length)} -U 0 &
${STORAGE.map(serve).join("\n")}
${STORAGE.map((_, i) => stands(portOf(i))).join("\n")}
exec swift-proxy-server /etc/swift/proxy-server.conf --verbose`;
}

/**
 * Starts OpenStack Swift with its S3 API (s3api) on loopback, in a scratch folder: the S3 of old compatibles. It knows
 * neither aws-chunked bodies nor conditional PUTs (501), and DeleteObjects needs a Content-MD5.
 */
export async function startSwift(): Promise<S3Server> {
  const server = await startInScratch("swift", (scratch, ports) => {
    configure(scratch, ports);
    return {
      argv: ["unshare", "--mount", "sh", "-e", "-c", start(scratch, ports)],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" },
    };
  });
  return { ...server, endpoint: `http://127.0.0.1:${server.port}`, region: "us-east-1", ...OWNER };
}
