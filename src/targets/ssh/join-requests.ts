import type { SFTPWrapper } from "ssh2";

/** What of ssh2's session is used here, beyond what it promises. */
interface Inner {
  _protocol: Pick<Protocol, "channelData" | "channelClose">;
  readonly outgoing: { readonly packetSize: number };
}

interface Protocol {
  channelData(channel: number, data: Buffer): void;
  channelClose(channel: number): void;
}

/**
 * Lets an SFTP session send the requests of one turn of the event loop as one SSH packet, as far as they fit: SFTP is
 * a stream of bytes in its channel. ssh2 makes a packet of each, and encrypting that costs more than all the rest of a
 * small request. A session of another make of ssh2 is left as it is.
 */
export function joinRequests(sftp: SFTPWrapper): SFTPWrapper {
  if (!hasInner(sftp)) return sftp;
  const protocol = sftp._protocol;
  const most = sftp.outgoing.packetSize;
  let held: Buffer[] = [];
  let bytes = 0;
  let channel = 0;
  const flush = (): void => {
    const [first, ...rest] = held;
    if (first === undefined) return;
    const data = rest.length === 0 ? first : Buffer.concat(held, bytes);
    held = [];
    bytes = 0;
    protocol.channelData(channel, data);
  };
  sftp._protocol = {
    channelData(to, data) {
      if (bytes + data.length > most) flush();
      channel = to;
      if (held.length === 0) setImmediate(flush);
      held.push(data);
      bytes += data.length;
    },
    channelClose(of) {
      flush();
      protocol.channelClose(of);
    },
  };
  return sftp;
}

function hasInner(sftp: SFTPWrapper): sftp is SFTPWrapper & Inner {
  if (!("_protocol" in sftp && "outgoing" in sftp)) return false;
  const { _protocol: protocol, outgoing } = sftp;
  if (typeof protocol !== "object" || protocol === null || typeof outgoing !== "object" || outgoing === null)
    return false;
  return "channelData" in protocol && "packetSize" in outgoing && typeof outgoing.packetSize === "number";
}
