import { type Answer, freshId } from "./answer.ts";
import type { S3Credentials } from "./signature.ts";
import { toXml } from "./xml.ts";

/**
 * STS's AssumeRole and AssumeRoleWithWebIdentity: whoever asks is given temporary credentials, good for so many
 * seconds, whatever role it is and however he says who he is.
 */
export function assumeRole(
  form: URLSearchParams,
  now: number,
  seconds: number,
): { signer: S3Credentials; answer: Answer } {
  const action = form.get("Action") ?? "";
  const signer = {
    accessKeyId: `ASIA${freshId().slice(0, 16).toUpperCase()}`,
    secretAccessKey: freshId(),
    sessionToken: `token/of+${freshId()}==`,
    expires: now + seconds * 1_000,
  };
  const { accessKeyId, secretAccessKey, sessionToken, expires } = signer;
  const body = toXml({
    [`${action}Response`]: {
      [`${action}Result`]: {
        Credentials: {
          AccessKeyId: accessKeyId,
          SecretAccessKey: secretAccessKey,
          SessionToken: sessionToken,
          Expiration: new Date(expires).toISOString(),
        },
        AssumedRoleUser: { Arn: form.get("RoleArn") ?? "", AssumedRoleId: "AROA:smartsync" },
      },
      ResponseMetadata: { RequestId: freshId() },
    },
  }).replace(`<${action}Response>`, `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">`);
  return { signer, answer: { status: 200, headers: { "content-type": "text/xml" }, body } };
}
