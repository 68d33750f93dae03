import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";

type Decode = (body: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

const gzip: Decode = promisify(gunzip);
const decoders = new Map<string, Decode>([
  ["gzip", gzip],
  ["x-gzip", gzip],
  ["deflate", promisify(inflate)],
  ["br", promisify(brotliDecompress)],
  ["zstd", promisify(zstdDecompress)],
]);

/** As many are more than anybody has a reason for. */
const MOST_CODINGS = 3;

/**
 * What a browser makes of a body by its Content-Encoding, the last coding first
 * (https://www.rfc-editor.org/rfc/rfc9110#section-8.4); "undecodable" where it is not what it says or longer than that,
 * and also where the coding is none that browsers know.
 */
export async function decodeBody(body: Buffer, encoding: string, maxBytes: number): Promise<Buffer | "undecodable"> {
  const codings = encoding
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding !== "identity");
  if (codings.length > MOST_CODINGS) return "undecodable";
  let decoded = body;
  for (const coding of codings.reverse()) {
    const decode = decoders.get(coding);
    if (decode === undefined) return "undecodable";
    try {
      decoded = await decode(decoded, { maxOutputLength: maxBytes });
    } catch {
      // Whatever zlib has to say of it, no browser would show it.
      return "undecodable";
    }
  }
  return decoded;
}
