/**
 * A name, a separator, eight or more hexadecimal digits, and one to three extensions; not the end of a UUID, which
 * names a thing and not what is in it.
 */
const HASHED = /[^/][._-](?<!-[0-9a-f]{4}-)([0-9a-f]{8,64})(?:\.[A-Za-z][A-Za-z0-9]*){1,3}$/;

/** Digits and letters alternate, as they do neither in dates (20261122) nor in numbers with a letter (a1234567). */
const ALTERNATING = /\d[a-f]+\d|[a-f]\d+[a-f]/;

/** True for a file whose name holds a hash of its content, as bundlers make them: `main.0f3a9c1b.js`, `logo-5d41402abc4b2a76.png`. */
export function isHashedName(path: string): boolean {
  const hash = HASHED.exec(path)?.[1];
  return hash !== undefined && ALTERNATING.test(hash);
}
