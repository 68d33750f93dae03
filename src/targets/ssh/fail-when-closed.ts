import type { SFTPWrapper } from "ssh2";
import { connectionLost } from "./line-failures.ts";

/**
 * Lets every request that is made of an SFTP session after its end fail. ssh2 drops such requests without a word, and
 * whoever asked would wait for ever; requests under way at the end fail by themselves.
 */
export function failWhenClosed(sftp: SFTPWrapper, place: string): SFTPWrapper {
  sftp.once("close", () => {
    const fail = (...args: unknown[]): void => {
      const done = args.at(-1);
      if (typeof done === "function") process.nextTick(done, connectionLost(place));
    };
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(sftp))) {
      if (name !== "constructor") Object.defineProperty(sftp, name, { value: fail });
    }
  });
  return sftp;
}
