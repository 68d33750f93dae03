import { ftpsTarget } from "./ftps/ftps-target.ts";
import { localTarget } from "./local/local-target.ts";
import { rsyncTarget } from "./ssh/rsync-target.ts";
import { sftpTarget } from "./ssh/sftp-target.ts";
import type { TargetType } from "./target.ts";

/** Every kind of target, by its `type` in the configuration. A new one is one file and one line here. */
export const targetTypes: readonly TargetType[] = [ftpsTarget, localTarget, rsyncTarget, sftpTarget];
