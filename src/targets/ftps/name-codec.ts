import iconv from "iconv-lite";
import type { FtpsConfig } from "./ftps-config.ts";

/** Turns text into what travels on the control channel, one character per byte, and back. */
export interface NameCodec {
  toWire(text: string): string;
  fromWire(wire: string): string;
  /** The text of a listing. */
  decode(bytes: Buffer): string;
  /** How many bytes a name takes, or null when the encoding can't hold it or a command can't carry it. */
  encodedLength(name: string): number | null;
}

/** The codec for a server that writes names in this encoding. */
export function createNameCodec(encoding: FtpsConfig["encoding"]): NameCodec {
  const decode = (bytes: Buffer): string => iconv.decode(bytes, encoding, { stripBOM: false });
  return {
    toWire: (text) => iconv.encode(text, encoding).toString("latin1"),
    fromWire: (wire) => decode(Buffer.from(wire, "latin1")),
    decode,
    encodedLength(name) {
      if (/[\r\n\0]/.test(name)) return null;
      const bytes = iconv.encode(name, encoding);
      return decode(bytes) === name ? bytes.length : null;
    },
  };
}
