import { azureBlobTarget } from "./azure-blob/azure-blob-target.ts";
import { ftpsTarget } from "./ftps/ftps-target.ts";
import { gcsTarget } from "./gcs/gcs-target.ts";
import { localTarget } from "./local/local-target.ts";
import { s3Target } from "./s3/s3-target.ts";
import { rsyncTarget } from "./ssh/rsync-target.ts";
import { sftpTarget } from "./ssh/sftp-target.ts";
import type { TargetType } from "./target.ts";

/** Every kind of target, by its `type` in the configuration. A new one is one file and one line here. */
export const targetTypes: readonly TargetType[] = [
  azureBlobTarget,
  ftpsTarget,
  gcsTarget,
  localTarget,
  rsyncTarget,
  s3Target,
  sftpTarget,
];
