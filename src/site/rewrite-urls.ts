/** The address the CMS writes into pages, and the one visitors see. */
export interface RewriteRule {
  readonly cmsUrl: string;
  /** Only its path matters: links become root-relative. Without it, the path stays as it is in cmsUrl. */
  readonly url?: string | undefined;
}

/** Rewrites one file, chunk by chunk. What comes out does not depend on where the chunks are cut. */
export interface UrlRewriter {
  /** The bytes that are certain by now; the rest is held back until more is known. */
  push(chunk: Uint8Array): Uint8Array;
  /** What was held back. */
  end(): Uint8Array;
}

/** A zero byte in the first so many shows that a file is no text. */
const PROBE_BYTES = 8192;
/** An occurrence is judged by at most so many bytes before it and after it. */
const BEFORE_BYTES = 80;
const AFTER_BYTES = 6;

/** In the middle of a word or another URL; the second byte of a Shift_JIS character and "\n" are neither. */
const WORD_BEFORE = /(?:^|[^\x80-\xff\\])[\w+.-]$/;
const UNICODE_ESCAPE_BEFORE = /\\u[\da-fA-F]{4}$/;
const SLASH_BEFORE = /\/$/;
/** The value of another URL's parameter ("share?u=https://…") is no link; root-relative it would lead nowhere. */
const PARAMETER_BEFORE = /(?:[?&]|&amp;|&#0?38;|\\u0026)[\w.%[\]-]{1,64}=$/;

/** A second slash would make "//…" of it, which is another host. */
const SLASH_AFTER = { plain: /^\/(?!\/|\\(?!["'nrtu]))/, escaped: /^\\\/(?!\/|\\(?!["'nrtu]))/ };
const END_AFTER = /^(?:$|[ \t\r\n\f?#"'`<>()[\]{},;|]|&(?:quot|apos|lt|gt|#)|\\["'nrtu])/;

/**
 * Compiles a rule (docs/source.md) into a maker of rewriters, one for each file. It sees every byte as one Latin-1
 * character, so text in any encoding that keeps ASCII (UTF-8, Shift_JIS, EUC-JP, ISO-2022-JP) comes through whole.
 */
export function compileRewrite(rule: RewriteRule): () => UrlRewriter {
  const from = Buffer.from(rule.cmsUrl.replace(/[?#].*$/s, "").replace(/\/+$/, "")).toString("latin1");
  const to = new URL(rule.url ?? rule.cmsUrl).pathname.replace(/\/+$/, "");
  const escapedFrom = escapeSlashes(from);
  const occurrences = new RegExp(`${literal(from)}|${literal(escapedFrom)}`, "g");
  const replacementOf = (found: string, before: string, after: string): string => {
    if (!beginsUrl(before)) return found;
    const form = found === from ? "plain" : "escaped";
    const target = form === "plain" ? to : escapeSlashes(to);
    if (SLASH_AFTER[form].test(after)) return target;
    if (END_AFTER.test(after)) return target || (form === "plain" ? "/" : "\\/");
    return found;
  };
  /** Rewrites what begins in [start, limit); gives that and where it ended. */
  const rewrite = (text: string, start: number, limit: number): [rewritten: string, end: number] => {
    let rewritten = "";
    let end = start;
    for (const { 0: found, index } of text.slice(0, limit + escapedFrom.length).matchAll(occurrences)) {
      if (index < start || index >= limit) continue;
      const next = index + found.length;
      const before = text.slice(Math.max(0, index - BEFORE_BYTES), index);
      rewritten += text.slice(end, index) + replacementOf(found, before, text.slice(next, next + AFTER_BYTES));
      end = next;
    }
    return end < limit ? [rewritten + text.slice(end, limit), limit] : [rewritten, end];
  };
  return () => unlessBinary(rewriteText(rewrite, escapedFrom.length + AFTER_BYTES));
}

type Rewrite = (text: string, start: number, limit: number) => [rewritten: string, end: number];

/** Feeds a rewrite with what it has to see at once: `reach` bytes from where an occurrence begins, and some before it. */
function rewriteText(rewrite: Rewrite, reach: number): UrlRewriter {
  let before = "";
  let held = "";
  const advance = (text: string, limit: number): Uint8Array => {
    if (limit <= before.length) {
      held = text.slice(before.length);
      return Buffer.alloc(0);
    }
    const [rewritten, end] = rewrite(text, before.length, limit);
    before = text.slice(Math.max(0, end - BEFORE_BYTES), end);
    held = text.slice(end);
    return Buffer.from(rewritten, "latin1");
  };
  return {
    push(chunk) {
      const text = before + held + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
      return advance(text, text.length - reach);
    },
    end() {
      const text = before + held;
      return advance(text, text.length);
    },
  };
}

/** Passes binary files through untouched; holds the first bytes back until it is clear what the file is. */
function unlessBinary(text: UrlRewriter): UrlRewriter {
  let probe: Buffer | undefined = Buffer.alloc(0);
  let binary = false;
  const decide = (): Uint8Array => {
    const head = probe ?? Buffer.alloc(0);
    probe = undefined;
    binary = head.subarray(0, PROBE_BYTES).includes(0);
    return binary ? head : text.push(head);
  };
  return {
    push(chunk) {
      if (probe === undefined) return binary ? chunk : text.push(chunk);
      probe = Buffer.concat([probe, chunk]);
      return probe.byteLength < PROBE_BYTES ? Buffer.alloc(0) : decide();
    },
    end() {
      const head = probe === undefined ? Buffer.alloc(0) : decide();
      return binary ? head : Buffer.concat([head, text.end()]);
    },
  };
}

function beginsUrl(before: string): boolean {
  if (SLASH_BEFORE.test(before) || PARAMETER_BEFORE.test(before)) return false;
  return !WORD_BEFORE.test(before) || UNICODE_ESCAPE_BEFORE.test(before);
}

function escapeSlashes(text: string): string {
  return text.replaceAll("/", "\\/");
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
