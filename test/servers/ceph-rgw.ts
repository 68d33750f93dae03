import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PortBlock } from "./ports.ts";
import type { S3Keys, S3Server } from "./s3-server.ts";
import { startInScratch } from "./scratch-server.ts";

/** A Ceph object gateway. */
export interface CephServer extends S3Server {
  /** A second user, who sees of the first one's buckets what their policies allow: "arn:aws:iam:::user/guest". */
  readonly guest: S3Keys & { readonly arn: string };
}

const OWNER: S3Keys = { accessKeyId: "OWNERKEY", secretAccessKey: "secret/of+the=owner" };
const GUEST: S3Keys = { accessKeyId: "GUESTKEY", secretAccessKey: "secret/of+the=guest" };

/**
 * The smallest cluster there is: one monitor, one store in memory, one gateway. The intervals are short, so that it
 * stands after two seconds instead of twelve.
 */
function configure(scratch: string, ports: PortBlock): string {
  const monitor = ports.passive.first;
  return `[global]
fsid = ${randomUUID()}
mon host = [v2:127.0.0.1:${monitor}]
ms bind port min = ${monitor + 1}
ms bind port max = ${monitor + 40}
auth cluster required = none
auth service required = none
auth client required = none
; without it clients wait for ever where nobody authenticates
ms mon client mode = crc secure
run dir = ${scratch}
crash dir = ${scratch}
admin socket =
log file =
mon cluster log file =
err to stderr = true
paxos propose interval = 0.02
paxos min wait = 0.01
osd tick interval = 0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
[mon]
mon data = ${join(scratch, "mon")}
mon initial members = a
; how full the machine's own disk is, is no concern of it
mon data avail crit = 0
mon data avail warn = 1
[osd]
osd data = ${join(scratch, "osd")}
osd objectstore = memstore
memstore device bytes = 8589934592
osd class load list = *
osd class default list = *
[client.rgw]
rgw data = ${join(scratch, "rgw")}
rgw frontends = beast endpoint=127.0.0.1:${ports.control}
log to stderr = true
; what was deleted leaves the memory soon
rgw gc obj min wait = 20
rgw gc processor period = 20
`;
}

/** One script for one pid namespace: what it starts in the background ends with the gateway. */
function start(scratch: string, monitor: number): string {
  const user = (uid: string, { accessKeyId, secretAccessKey }: S3Keys) =>
    `radosgw-admin -n client.rgw user create --uid=${uid} --display-name=${uid} --access-key='${accessKeyId}' --secret-key='${secretAccessKey}'`;
  return `set -e
export CEPH_CONF=${join(scratch, "ceph.conf")}
fsid=$(sed -n 's/^fsid = //p' $CEPH_CONF)
monmaptool --create --fsid $fsid --addv a '[v2:127.0.0.1:${monitor}]' ${join(scratch, "monmap")}
ceph-mon --mkfs -i a --monmap ${join(scratch, "monmap")}
ceph-mon -i a --foreground &
ceph-osd -i 0 --mkfs --osd-uuid $fsid
ceph osd new $fsid 0
ceph-osd -i 0 --foreground &
${user("owner", OWNER)}
${user("guest", GUEST)}
exec radosgw -n client.rgw --foreground`;
}

/**
 * Starts Ceph RGW (with a monitor and an object store daemon in memory) on loopback, in a scratch folder. Stands after
 * one to three seconds and takes 150 MB, so that each suite has its own. `makeBucket` (s3-bucket.ts) makes buckets and
 * looks into them, past smartsync.
 */
export async function startCephRgw(): Promise<CephServer> {
  const server = await startInScratch("ceph", (scratch, ports) => {
    for (const folder of ["mon", "osd", "rgw"]) mkdirSync(join(scratch, folder));
    writeFileSync(join(scratch, "ceph.conf"), configure(scratch, ports));
    return {
      // It names its threads by way of /proc, so that has to be the pid namespace's own.
      argv: ["unshare", "--mount-proc", "sh", "-c", start(scratch, ports.passive.first)],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    };
  });
  return {
    ...server,
    endpoint: `http://127.0.0.1:${server.port}`,
    region: "us-east-1",
    ...OWNER,
    guest: { ...GUEST, arn: "arn:aws:iam:::user/guest" },
  };
}
