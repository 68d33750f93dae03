import {
  CloudFrontClient,
  CreateInvalidationCommand,
  GetDistributionCommand,
  GetInvalidationCommand,
} from "@aws-sdk/client-cloudfront";
import type { Cdn } from "../cdn.ts";
import type { CloudFrontConfig } from "../cloudfront.ts";
import { callPatiently } from "./call-patiently.ts";
import { type Deed, unclearAnswer } from "./cloudfront-error.ts";
import { spellPaths } from "./spell-paths.ts";

/** CloudFront has one region for the whole world: https://docs.aws.amazon.com/general/latest/gr/cf_region.html */
const REGION = "us-east-1";

/** A distribution, called by the SDK, which finds the keys and signs. Nothing is sent yet. */
export function openDistribution(config: CloudFrontConfig, name: string): Omit<Cdn, "rules"> {
  const { distributionId: DistributionId } = config;
  const client = createClient(config);
  const deed = (doing: string, operation: string): Deed => ({
    doing: `${doing} CloudFront distribution ${DistributionId}`,
    action: `cloudfront:${operation}`,
    host: new URL(config.endpoint ?? "https://cloudfront.amazonaws.com").host,
    distributionId: DistributionId,
  });
  return {
    async purge({ key, items }, ctx) {
      const Items = spellPaths(items);
      const what = deed(`invalidate ${count(Items.length)} of`, "CreateInvalidation");
      const command = new CreateInvalidationCommand({
        DistributionId,
        InvalidationBatch: { CallerReference: key, Paths: { Quantity: Items.length, Items } },
      });
      const { Invalidation } = await callPatiently(name, what, (options) => client.send(command, options), ctx);
      if (Invalidation?.Id === undefined) throw unclearAnswer(what);
      return { id: Invalidation.Id };
    },
    async isThrough({ id }, ctx) {
      if (id === undefined) return true;
      const command = new GetInvalidationCommand({ DistributionId, Id: id });
      const what = deed(`see how far invalidation ${id} is of`, "GetInvalidation");
      const { Invalidation } = await callPatiently(name, what, (options) => client.send(command, options), ctx);
      return Invalidation?.Status === "Completed";
    },
    async examine(ctx) {
      const command = new GetDistributionCommand({ Id: DistributionId });
      const what = deed("look at", "GetDistribution");
      const { Distribution } = await callPatiently(name, what, (options) => client.send(command, options), ctx);
      if (Distribution?.DomainName === undefined) throw unclearAnswer(what);
      const { Aliases, Enabled = false } = Distribution.DistributionConfig ?? {};
      const names = [Distribution.DomainName, ...(Aliases?.Items ?? [])];
      return [`distribution ${DistributionId} (${names.join(", ")}), ${Enabled ? "enabled" : "disabled"}`];
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  };
}

function createClient({ accessKeyId, secretAccessKey, sessionToken, profile, endpoint }: CloudFrontConfig) {
  const keys = accessKeyId !== undefined && secretAccessKey !== undefined && { accessKeyId, secretAccessKey };
  const agent = { keepAlive: true, proxyEnv: process.env };
  return new CloudFrontClient({
    region: REGION,
    // Its own attempts are over within a second; ours last for minutes, and are told.
    maxAttempts: 1,
    requestHandler: { httpAgent: agent, httpsAgent: agent },
    ...(keys && { credentials: { ...keys, ...(sessionToken !== undefined && { sessionToken }) } }),
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && { endpoint }),
  });
}

function count(paths: number): string {
  return paths === 1 ? "one path" : `${paths} paths`;
}
