import { createHash } from "node:crypto";

/** Ours alone, so that nobody else's ids are the same. */
const NAMESPACE = Buffer.from("6f1d0c5a2b8e4e6f9a7d3c4b5e6f7081", "hex");

/** The UUID of a batch: the same for the same key, by version 5 of https://datatracker.ietf.org/doc/html/rfc9562#section-5.5 */
export function requestIdOf(key: string): string {
  const bytes = createHash("sha1").update(NAMESPACE).update(key).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
