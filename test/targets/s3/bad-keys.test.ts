import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { expectDelivered, expectPush, siteFor } from "./deliveries.ts";
import { s3Setting, startFake } from "./s3-setting.ts";

test("a wrong secret and an unknown key are told as what they are, in one sentence, before anything is sent", async () => {
  const { fake } = await startFake();
  for (const [wrong, said] of [
    [{ secretAccessKey: "wrong" }, "SignatureDoesNotMatch"],
    [{ accessKeyId: "AKIAUNKNOWN" }, "InvalidAccessKeyId"],
  ] as const) {
    const { output } = await expectPush(siteFor(s3Setting(fake, "site", wrong)), 1);
    expect(output).toContain("the store does not accept the keys");
    expect(output).toContain(said);
    expect(output).not.toContain("wrong\n");
    expect(output).not.toMatch(/^\s+at /m);
  }
  expect(fake.exchanges.filter(({ status }) => status < 300)).toEqual([]);
});

test("where there are no keys at all, it is said where they may come from", async () => {
  const { fake } = await startFake();
  const { accessKeyId: _, secretAccessKey: __, ...setting } = s3Setting(fake, "site");
  const none = {
    AWS_ACCESS_KEY_ID: "",
    AWS_SECRET_ACCESS_KEY: "",
    AWS_EC2_METADATA_DISABLED: "true",
    HOME: "/nonexistent",
  };
  const { output } = await expectPush(siteFor(setting), 1, none);
  expect(output).toMatch(/accessKeyId|AWS_ACCESS_KEY_ID/);
});

test("a wrong region is exchanged for the one that the store names", async () => {
  const { fake, bucket } = await startFake({ buckets: { site: "ap-northeast-1" }, wrongRegion: "refuse" });
  const workspace = siteFor(s3Setting(fake, "site", { region: "us-east-1" }));
  const { output } = await expectPush(workspace, 0);
  expect(output).toContain("write region: ap-northeast-1");
  await expectDelivered(workspace, bucket);
  const strayed = fake.exchanges.filter(({ code }) => code === "AuthorizationHeaderMalformed");
  expect(strayed.length).toBeGreaterThan(0);
  expect(strayed.length).toBeLessThan(10);
});

test("where a configured endpoint redirects to another region, the region to write is told", async () => {
  const { fake } = await startFake({ buckets: { site: "ap-northeast-1" }, wrongRegion: "redirect" });
  const { output } = await expectPush(siteFor(s3Setting(fake, "site", { region: "us-east-1" })), 1);
  expect(output).toContain('the bucket "site" is not in us-east-1');
  expect(output).toContain("hint: write region: ap-northeast-1");
});

test.each([-3_600_000, 3_600_000])("a clock that is wrong by %i ms does not keep it from delivering", async (skew) => {
  const { fake, bucket } = await startFake({ now: () => Date.now() + skew });
  const workspace = siteFor(s3Setting(fake, "site"));
  await expectPush(workspace, 0);
  await expectDelivered(workspace, { ...bucket, keys: bucket.keys });
  expect(fake.exchanges.filter(({ code }) => code === "RequestTimeTooSkewed").length).toBeLessThan(10);
});

test("a role's token that expires in mid-run is got anew, and the delivery goes on", async () => {
  const { fake, bucket } = await startFake();
  const { accessKeyId, secretAccessKey, ...setting } = s3Setting(fake, "site", { connections: 8 });
  const role = { roleArn: "arn:aws:iam::123456789012:role/deploy", webIdentityTokenFile: "./token" };
  const workspace = siteFor({ ...setting, ...role }, 120);
  writeFileSync(join(workspace.dir, "token"), "a.web.identity");
  let puts = 0;
  fake.trouble = ({ operation }) => {
    if (operation !== "PutObject" || ++puts % 50 !== 0) return undefined;
    for (const [id, signer] of fake.credentials) {
      if (id !== accessKeyId) fake.credentials.set(id, { ...signer, expires: Date.now() - 1 });
    }
    return undefined;
  };
  await expectPush(workspace, 0, { AWS_ENDPOINT_URL_STS: fake.endpoint });
  fake.trouble = () => undefined;
  expect(fake.exchanges.filter(({ code }) => code === "ExpiredToken").length).toBeGreaterThan(0);
  expect(fake.exchanges.filter(({ request }) => request?.operation === "AssumeRole").length).toBeGreaterThanOrEqual(3);
  expect((await bucket.keys("news/")).length + (await bucket.keys("お知らせ/")).length).toBe(120);
  expect(secretAccessKey).not.toBe("");
});

test("a token that is expired and can't be got anew ends the delivery, and says so", async () => {
  const { fake } = await startFake();
  const expired = { accessKeyId: "ASIAOLD", secretAccessKey: "s", sessionToken: "t" };
  fake.credentials.set("ASIAOLD", { ...expired, expires: Date.now() - 1 });
  const { output } = await expectPush(siteFor(s3Setting(fake, "site", expired)), 1);
  expect(output).toContain("the temporary keys have expired");
});
