import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { SmartsyncError } from "../../lib/errors.ts";
import { isPrivateAddress } from "./private-address.ts";

/**
 * Looks up hosts as Node does, and refuses these ("check-private", kind config) when one of their addresses is private:
 * what was checked is what is connected to, whatever the name server says a moment later. Others are a proxy's.
 */
export function publicLookup(hosts: ReadonlySet<string>): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, "");
      const hidden = addresses.find(({ address }) => isPrivateAddress(address));
      if (hidden !== undefined && hosts.has(host)) return done(privateError(host, hidden.address), "");
      const [first] = addresses;
      if (options.all === true || first === undefined) return done(null, addresses);
      done(null, first.address, first.family);
    });
  };
}

/** Throws "check-private" where the host of an address is a private IP address itself: no lookup is asked about those. */
export function refusePrivate({ hostname }: URL): void {
  const ip = hostname.replace(/^\[|\]$/g, "");
  if (isIP(ip) !== 0 && isPrivateAddress(ip)) throw privateError(hostname, ip);
}

function privateError(host: string, ip: string): SmartsyncError {
  const where = host === ip ? host : `${host} (${ip})`;
  return new SmartsyncError(`${where} is in a private network`, {
    kind: "config",
    code: "check-private",
    hint: "set `privateNetworks: true` in the site's `check`, if it is to be looked at from here",
  });
}
