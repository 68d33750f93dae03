import type { ClientChannel, SFTPWrapper } from "ssh2";
import type { Ctx } from "../../core/context.ts";

/** What a call on a line needs: when to stop. */
export type LineCtx = Pick<Ctx, "signal">;

/**
 * One authenticated connection to an SSH server, shared by everything that speaks to it. Opened anew by the next call
 * when it was lost; what was under way then fails as "transient". Disposing ends it.
 */
export interface SshLine extends AsyncDisposable {
  /** "deploy@web1.example.jp", for messages. */
  readonly place: string;
  /** What was agreed with the server, for `doctor`: ["OpenSSH_9.2p1", "aes128-gcm@openssh.com", "the key …"]. */
  readonly features: readonly string[];
  /**
   * The SFTP session of the connection, opened on first use; the same one until it ends. Its requests fail when the
   * connection is lost, later ones as "connection-lost": they never wait for ever.
   */
  sftp(ctx: LineCtx): Promise<SFTPWrapper>;
  /**
   * Runs a command line by the user's shell, in a channel of its own. Quote every part (`quoteForShell`). A channel
   * that closes without an exit code was lost with its connection.
   */
  exec(command: string, ctx: LineCtx): Promise<ClientChannel>;
}
