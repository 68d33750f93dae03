import { hash } from "node:crypto";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { describe, expect, test } from "vitest";
import { EMPTY_SHA256, encodeKey, encodeQuery, signV4, type UnsignedRequest } from "../../../src/targets/s3/sign-v4.ts";

/** A request as the SDK hands it to what sends it. */
interface SentBySdk {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

const KEYS = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const WHEN = Date.UTC(2013, 4, 24);

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, its four examples. */
const EXAMPLES: readonly [what: string, request: Partial<UnsignedRequest>, signature: string][] = [
  [
    "GET of a range",
    { path: encodeKey("/test.txt"), headers: { range: "bytes=0-9" } },
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  ],
  [
    "PUT of an object",
    {
      method: "PUT",
      path: encodeKey("/test$file.text"),
      headers: { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
      payloadHash: hash("sha256", "Welcome to Amazon S3.", "hex"),
    },
    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  ],
  [
    "GET of a bucket's lifecycle",
    { query: encodeQuery({ lifecycle: "" }) },
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  ],
  [
    "GET of a list",
    { query: encodeQuery({ prefix: "J", "max-keys": "2" }) },
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  ],
];

test.each(EXAMPLES)("AWS's own example is signed as AWS signs it: %s", (_, { headers, ...request }, signature) => {
  const signed = signV4(
    {
      method: "GET",
      path: "/",
      query: "",
      payloadHash: EMPTY_SHA256,
      ...request,
      headers: { host: "examplebucket.s3.amazonaws.com", ...headers },
    },
    { service: "s3", region: "us-east-1", keys: KEYS, nowMs: WHEN },
  );
  expect(signed.authorization).toContain(`Credential=${KEYS.accessKeyId}/20130524/us-east-1/s3/aws4_request`);
  expect(signed.authorization).toMatch(new RegExp(`Signature=${signature}$`));
});

/** Has the SDK sign a PUT, and gives what it would have sent. */
async function signedBySdk(key: string, sessionToken?: string): Promise<SentBySdk> {
  let sent: SentBySdk | undefined;
  const client = new S3Client({
    region: "ap-northeast-1",
    credentials: { ...KEYS, ...(sessionToken !== undefined && { sessionToken }) },
    requestChecksumCalculation: "WHEN_REQUIRED",
    maxAttempts: 1,
    requestHandler: {
      async handle(request: SentBySdk) {
        sent = request;
        throw new Error("kept instead of sent");
      },
      updateHttpClientConfig() {},
      httpHandlerConfigs: () => ({}),
    },
  });
  const Metadata = { "smartsync-sha256": "abc", title: "two  spaces" };
  const sending = client.send(
    new PutObjectCommand({ Bucket: "www-example", Key: key, Body: Buffer.from("本文"), Metadata }),
  );
  await expect(sending).rejects.toThrow("kept instead of sent");
  if (sent === undefined) throw new Error("the SDK sent nothing");
  return sent;
}

describe("requests are signed as the SDK signs them", () => {
  const keys = [
    "index.html",
    "お知らせ/2026年/記事 (1).html",
    "a+b&c%20d#e?f=g.html",
    "!'()*~-_.;:@$,[]{}|\\^`\"<>.html",
    "double//slash/and/trailing/",
    "100%/été/\u{1f600}.html",
    "tab\tin\tname.html",
    "日".repeat(341),
  ];

  test.each(keys)("%s", async (key) => {
    const sent = await signedBySdk(key);
    expect(encodeKey(`/${key}`)).toBe(sent.path);
    expect(signedLikewise(sent)).toBe(sent.headers.authorization);
  });

  test("with a session token", async () => {
    const sent = await signedBySdk("index.html", "FwoGZXIvYXdzEXAMPLE//token==");
    expect(sent.headers["x-amz-security-token"]).toBe("FwoGZXIvYXdzEXAMPLE//token==");
    expect(signedLikewise(sent, "FwoGZXIvYXdzEXAMPLE//token==")).toBe(sent.headers.authorization);
  });
});

/** Signs a request of the SDK anew, with the headers it signed. */
function signedLikewise({ method, path, headers }: SentBySdk, sessionToken?: string): string | undefined {
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? "")?.[1]?.split(";") ?? [];
  const added = ["x-amz-date", "x-amz-content-sha256", "x-amz-security-token"];
  const own = names.filter((name) => !added.includes(name)).map((name) => [name, headers[name] ?? ""]);
  const time = headers["x-amz-date"] ?? "";
  const nowMs = Date.parse(time.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
  const payloadHash = headers["x-amz-content-sha256"] ?? "";
  return signV4(
    { method, path, query: "x-id=PutObject", headers: Object.fromEntries(own), payloadHash },
    {
      service: "s3",
      region: "ap-northeast-1",
      keys: { ...KEYS, ...(sessionToken !== undefined && { sessionToken }) },
      nowMs,
    },
  ).authorization;
}

test("a key of a day is not used for the next day, another region or other keys", () => {
  const request = { method: "GET", path: "/", query: "", headers: { host: "h" }, payloadHash: EMPTY_SHA256 };
  const scope = { service: "s3", region: "us-east-1", keys: KEYS, nowMs: WHEN };
  const signatureOf = (changed: Partial<typeof scope>) => signV4(request, { ...scope, ...changed }).authorization;
  const fresh = (changed: Partial<typeof scope>) => signatureOf({ ...changed, keys: { ...KEYS, ...changed.keys } });
  const others = [
    { nowMs: WHEN + 86_400_000 },
    { region: "jp-north-1" },
    { service: "sts" },
    { keys: { ...KEYS, secretAccessKey: "another" } },
  ];
  for (const other of others) expect(signatureOf(other)).toBe(fresh(other));
  expect(new Set([signatureOf({}), ...others.map(signatureOf)]).size).toBe(others.length + 1);
});
