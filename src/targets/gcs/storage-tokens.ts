import type { AccessTokens } from "../../cloud/access-tokens.ts";
import { createAccessTokens } from "../../cloud/google-tokens.ts";

/** Tokens for Cloud Storage: of the key file, or of the application default credentials when there is none. */
export async function createStorageTokens(keyFile: string | undefined): Promise<AccessTokens> {
  const { Storage } = await import("@google-cloud/storage");
  return createAccessTokens(
    keyFile,
    () => new Storage(keyFile === undefined ? {} : { keyFilename: keyFile }).authClient,
  );
}
