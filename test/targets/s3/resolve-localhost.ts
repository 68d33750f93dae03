import dns from "node:dns";
import { onTestFinished, vi } from "vitest";

/**
 * For one test, every name below "localhost" is this machine, as RFC 6761 (6.3) has it: not all systems' resolvers know.
 * That is how a bucket's own host name is reached.
 */
export function resolveLocalhost(): void {
  const { lookup } = dns;
  const replaced = vi.spyOn(dns, "lookup").mockImplementation(((name: string, ...rest: unknown[]) => {
    const host = name.endsWith(".localhost") ? "127.0.0.1" : name;
    return Reflect.apply(lookup, dns, [host, ...rest]);
  }) as typeof lookup);
  onTestFinished(() => replaced.mockRestore());
}
