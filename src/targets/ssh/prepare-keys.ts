import { createSecretKey } from "node:crypto";
import type { Client } from "ssh2";

/** Where ssh2 keeps the keys of AES-GCM: of what is sent, and of what is received. */
const PLACES = [
  ["_cipher", "_encKey"],
  ["_decipher", "_decipherKey"],
] as const;

/**
 * Gives ssh2 each session key in the form that OpenSSL works with. It encrypts every packet by itself, and otherwise
 * makes that form of the key anew for each, which takes longer than the encrypting. A Client of another make, or one
 * with a compiled part of its own, is left as it is.
 */
export function prepareKeys(client: Client): void {
  // Told after the first exchange of keys and after every further one, before anything is sent with the new ones.
  client.on("handshake", () => {
    const protocol = at(client, "_protocol");
    for (const [place, name] of PLACES) {
      const cipher = at(protocol, place);
      const key = at(cipher, name);
      if (isObject(cipher) && Buffer.isBuffer(key)) cipher[name] = createSecretKey(key);
    }
  });
}

function at(owner: unknown, name: string): unknown {
  return isObject(owner) ? owner[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
