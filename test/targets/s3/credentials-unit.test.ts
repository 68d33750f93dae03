import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openHttpLine } from "../../../src/lib/http-line.ts";
import { keySource } from "../../../src/targets/s3/credentials.ts";
import { s3Schema } from "../../../src/targets/s3/s3-schema.ts";
import { settingsOf } from "../../../src/targets/s3/s3-settings.ts";

const ROLE = "arn:aws:iam::123456789012:role/deploy";
const KEYS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret/of+mine" };

/** A security token service that answers every request alike and keeps what it was asked. */
async function startSts(status: number, body: string) {
  const asked: { headers: IncomingHttpHeaders; form: Record<string, string> }[] = [];
  const server = createServer(async (request, response) => {
    const text = Buffer.concat(await Array.fromAsync(request)).toString();
    asked.push({ headers: request.headers, form: Object.fromEntries(new URLSearchParams(text)) });
    response.writeHead(status, { "content-type": "text/xml" }).end(body);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  return { asked, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Where a target with these settings takes its keys from. */
function sourceOf(endpoint: string, more: object, baseDir = "/") {
  const config = s3Schema.parse({ type: "s3", preset: "ceph", bucket: "site", region: "jp-1", endpoint, ...more });
  const settings = settingsOf(config);
  const line = openHttpLine(1, 5000);
  onTestFinished(() => line.close());
  return keySource(config, settings, line, baseDir);
}

const GRANTED = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
  <AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>temporary&amp;secret</SecretAccessKey>
  <SessionToken>Fwo/token==</SessionToken><Expiration>2026-11-23T02:00:00Z</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>`;

const TEMPORARY = {
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: "temporary&secret",
  sessionToken: "Fwo/token==",
  expiration: new Date("2026-11-23T02:00:00Z"),
};

async function keysOf(source: ReturnType<typeof keySource>) {
  return typeof source === "function" ? source() : source;
}

test("configured keys are used as they are; without any the SDK searches", async () => {
  expect(await keysOf(sourceOf("https://s3.example.jp", KEYS))).toEqual(KEYS);
  expect(sourceOf("https://s3.example.jp", {})).toBeUndefined();
});

test("a role is taken on with the configured keys, under a name and with an external id", async () => {
  const { asked, endpoint } = await startSts(200, GRANTED);
  const role = { roleArn: ROLE, externalId: "agreed", sessionName: "site-corporate" };
  expect(await keysOf(sourceOf(endpoint, { ...KEYS, ...role }))).toEqual(TEMPORARY);
  expect(asked[0]?.form).toEqual({
    Action: "AssumeRole",
    Version: "2011-06-15",
    RoleArn: ROLE,
    RoleSessionName: "site-corporate",
    ExternalId: "agreed",
  });
  expect(asked[0]?.headers.authorization).toMatch(/Credential=AKIDEXAMPLE\/\d{8}\/jp-1\/sts\/aws4_request/);
});

test("a role is taken on with a web identity, without any keys, and its token is read anew each time", async () => {
  const { asked, endpoint } = await startSts(200, GRANTED);
  const scratch = await mkdtemp(join(tmpdir(), "smartsync-token-"));
  const source = sourceOf(endpoint, { roleArn: ROLE, webIdentityTokenFile: "token.jwt" }, scratch);
  for (const token of ["eyJ.first", "eyJ.second"]) {
    await writeFile(join(scratch, "token.jwt"), `${token}\n`);
    expect(await keysOf(source)).toEqual(TEMPORARY);
  }
  expect(asked.map(({ form }) => form.WebIdentityToken)).toEqual(["eyJ.first", "eyJ.second"]);
  expect(asked[0]?.form).toMatchObject({ Action: "AssumeRoleWithWebIdentity", RoleSessionName: "smartsync" });
  expect(asked[0]?.headers.authorization).toBeUndefined();
});

test("a role that may not be taken on is named, and no secret with it", async () => {
  const denied = `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User is not authorized</Message></Error></ErrorResponse>`;
  const { endpoint } = await startSts(403, denied);
  const failed = keysOf(sourceOf(endpoint, { ...KEYS, roleArn: ROLE }));
  await expect(failed).rejects.toMatchObject({ kind: "auth", code: "permission-denied" });
  await expect(failed).rejects.toThrow(`could not take on the role ${ROLE}: sts:AssumeRole is not allowed`);
  await expect(failed).rejects.not.toThrow(KEYS.secretAccessKey);
});

test("a token file that is not there is told by its name", async () => {
  const source = sourceOf("https://s3.example.jp", { roleArn: ROLE, webIdentityTokenFile: "missing.jwt" }, "/nowhere");
  await expect(keysOf(source)).rejects.toMatchObject({ kind: "auth", code: "credentials-missing" });
  await expect(keysOf(source)).rejects.toThrow("/nowhere/missing.jwt");
});
