import { PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { openNarrowLink } from "../doubles/narrow-link.ts";
import { startCephRgw } from "../servers/ceph-rgw.ts";
import { makeBucket, type S3Bucket } from "../servers/s3-bucket.ts";
import { s3Setting } from "../targets/s3/s3-setting.ts";
import { sendVisitors } from "./bucket-visitors.ts";
import { mark } from "./probe-site.ts";
import { eventsOf, makeWorkspace, type Workspace } from "./workspace.ts";

/** Half as many pages, each with an asset: half of those keep their name, half are named after their version. */
const OBJECTS = 1_000;
const BYTES = 40_000;
/** 40 Mbit/s. */
const BYTES_PER_SECOND = 5_000_000;

const NUMBERS = Array.from({ length: OBJECTS / 2 }, (_, n) => n);
const pageOf = (n: number) => `記事/${n}.html`;
const assetOf = (n: number, version: number) => (n % 2 ? `assets/画像-${n}.css` : `assets/${n}.v${version}.css`);

test(`visitors of a bucket see ${OBJECTS} objects change in a shorter time when they are staged, and assets before the pages that name them`, async () => {
  await using server = await startCephRgw();
  await using link = await openNarrowLink(server.endpoint, BYTES_PER_SECOND);
  const bucket = await makeBucket(server, "www");
  await letVisitorsRead(bucket);
  using workspace = makeWorkspace();
  const setting = (endpoint: string) => s3Setting({ ...server, endpoint }, "www");
  const configure = (endpoint: string, publish: string) =>
    workspace.configure({ bucket: setting(endpoint) }, { publish, grace: "1d" });

  configure(server.endpoint, "ordered");
  rebuild(workspace, 0);
  await push(workspace);
  const url = `${server.endpoint}/www`;
  const lengths: Record<string, number> = {};
  for (const [version, publish] of ["ordered", "staged"].entries()) {
    configure(link.endpoint, publish);
    rebuild(workspace, version + 1);
    const visitors = sendVisitors(url, NUMBERS.map(pageOf), version);
    const watch = await watchObjects(url);
    const types = await push(workspace);
    const { mixedMs, looks } = await watch.end();
    const { mixed, requests } = await visitors.end();
    expect(types.filter((type) => type === "file-put")).toHaveLength(OBJECTS);
    lengths[publish] = mixedMs;
    console.log(
      `publish: ${publish}: old and new objects side by side for ${mixedMs.toFixed(0)} ms (${looks} looks at all); ${mixed} of ${requests / 2} visitors had a page and an asset of different versions`,
    );
  }
  expect(lengths.staged).toBeLessThan((lengths.ordered ?? 0) / 2);
}, 240_000);

/** Anybody may get what lies there, as from a public web site, and list it. */
async function letVisitorsRead({ name, client }: S3Bucket): Promise<void> {
  const Resource = [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`];
  const Statement = [{ Effect: "Allow", Principal: "*", Action: ["s3:GetObject", "s3:ListBucket"], Resource }];
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  await client.send(new PutBucketPolicyCommand({ Bucket: name, Policy }));
}

/** Writes every file of a version of the site. */
function rebuild(workspace: Workspace, version: number): void {
  const fill = (text: string) => `${text} ${mark(version)}\n`.padEnd(BYTES, ".") + mark(version);
  for (const n of NUMBERS) {
    const [page, asset, older] = [pageOf(n), assetOf(n, version), assetOf(n, version - 1)];
    const isRenamed = version > 0 && older !== asset;
    workspace.publish({
      [page]: fill(`<link rel="stylesheet" href="${asset}">`),
      [asset]: fill("body {}"),
      ...(isRenamed && { [older]: null }),
    });
  }
}

/** Delivers; gives the types of what was told. */
async function push(workspace: Workspace): Promise<string[]> {
  const result = await workspace.run(["push", "--yes", "--json", "--allow", "delete-limit"]);
  expect(result.code, result.stdout.slice(-2_000) + result.stderr).toBe(0);
  return eventsOf(result).map(({ type }) => type);
}

/** Lists the site without pause; tells for how long some of its objects were new while others were still to be replaced. */
async function watchObjects(url: string): Promise<{ end(): Promise<{ mixedMs: number; looks: number }> }> {
  const list = async (prefix: string) => {
    const answer = await fetch(`${url}?list-type=2&prefix=${encodeURIComponent(prefix)}`);
    const found = (await answer.text()).matchAll(/<Key>([^<]+)<\/Key>.*?<ETag>([^<]+)<\/ETag>/g);
    return [...found].map(([, key = "", etag = ""]) => [key, etag] as const);
  };
  const look = async () => {
    const begun = performance.now();
    const etags = new Map((await Promise.all(["assets/", "記事/"].map(list))).flat());
    return { begun, ended: performance.now(), etags };
  };
  const first = await look();
  const looks = [first];
  let isOver = false;
  const looking = (async () => {
    while (!isOver) looks.push(await look());
  })();
  return {
    async end() {
      isOver = true;
      await looking;
      const last = await look();
      // Assets that left the site stay as they are.
      const replaced = [...first.etags.keys()].filter((key) => last.etags.get(key) !== first.etags.get(key));
      const isNew = ({ etags }: typeof first) => [...etags].some(([key, etag]) => first.etags.get(key) !== etag);
      const isOld = ({ etags }: typeof first) => replaced.some((key) => etags.get(key) === first.etags.get(key));
      const begun = looks.find(isNew)?.ended ?? last.ended;
      const ended = looks.findLast(isOld)?.begun ?? first.begun;
      return { mixedMs: Math.max(0, ended - begun), looks: looks.length };
    },
  };
}
