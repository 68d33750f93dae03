import { BlockList, isIP } from "node:net";

/**
 * IPv4 that leads to nobody on the public internet: this machine, private, shared and link-local networks, the
 * benchmarks', multicast, and what is reserved (https://www.iana.org/assignments/iana-ipv4-special-registry).
 */
const PRIVATE_V4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const;

/**
 * The same of IPv6: unspecified, loopback and old embedded IPv4; local NAT64; 6to4, which nobody routes any more; unique,
 * link and site local; multicast (https://www.iana.org/assignments/iana-ipv6-special-registry).
 */
const PRIVATE_V6 = [
  ["::", 96],
  ["64:ff9b:1::", 48],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const;

/** Networks without IPv4 reach it below this prefix: https://www.rfc-editor.org/rfc/rfc6052#section-2.1 */
const NAT64 = "64:ff9b::";

const blocked = new BlockList();
for (const [net, prefix] of PRIVATE_V4) {
  // IPv4-mapped IPv6 addresses are found by these too.
  blocked.addSubnet(net, prefix, "ipv4");
  blocked.addSubnet(`${NAT64}${net}`, 96 + prefix, "ipv6");
}
for (const [net, prefix] of PRIVATE_V6) blocked.addSubnet(net, prefix, "ipv6");

/** Whether an IP address leads to this machine or a network that is not public; true also of what is no IP address. */
export function isPrivateAddress(address: string): boolean {
  const [ip = ""] = address.split("%");
  const family = isIP(ip);
  return family === 0 || blocked.check(ip, family === 4 ? "ipv4" : "ipv6");
}
