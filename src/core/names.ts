/** What names a target can hold. */
export interface NameRules {
  /** Two names that differ only in case are one file there. */
  readonly foldsCase: boolean;
  /** Two names that differ only in Unicode normalisation (NFC, NFD) are one file there. */
  readonly foldsUnicode: boolean;
  /** Longest single segment, in bytes as the target encodes it. */
  readonly maxSegmentBytes: number;
  /** Longest whole path, in bytes as the target encodes it. */
  readonly maxPathBytes: number;
  /** Refuses segments that end in a dot or a space, control characters and the like (Windows rules). */
  readonly windows: boolean;
  /** There are only names, no directories: `about` and `about/index.html` lie side by side, as in object stores. */
  readonly flat?: true;
  /** How many bytes the name takes there, or null when the target's encoding can't hold it. UTF-8 when absent. */
  readonly encodedLength?: (name: string) => number | null;
}

// Every line-based protocol (FTP, SFTP batch files, rsync's list of files) ends a name at one of these.
const LINE_BREAKING = /[\0\r\n]/;

// https://learn.microsoft.com/windows/win32/fileio/naming-a-file
const WINDOWS_FORBIDDEN = /[\x00-\x1f<>:"\\|?*]/;
const WINDOWS_DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])[ ]*(\.|$)/i;

/** Why the target can't hold a file under this path, as the end of a sentence; undefined when it can. */
export function nameFault(path: string, rules: NameRules): string | undefined {
  if (LINE_BREAKING.test(path)) return "holds a line break or NUL";
  if (!path.isWellFormed()) return "is not valid Unicode";
  return lengthFault(path, rules) ?? (rules.windows ? windowsFault(path) : undefined);
}

function lengthFault(path: string, rules: NameRules): string | undefined {
  const measure = rules.encodedLength ?? utf8Length;
  const whole = measure(path);
  if (whole === null) return "can't be written in the target's encoding";
  if (whole > rules.maxPathBytes) return `is ${whole} bytes long; the target takes ${rules.maxPathBytes}`;
  if (whole <= rules.maxSegmentBytes) return undefined;
  for (const segment of path.split("/")) {
    const length = measure(segment) ?? 0;
    if (length > rules.maxSegmentBytes)
      return `has a segment of ${length} bytes; the target takes ${rules.maxSegmentBytes}`;
  }
  return undefined;
}

function utf8Length(name: string): number {
  return Buffer.byteLength(name);
}

function windowsFault(path: string): string | undefined {
  for (const segment of path.split("/")) {
    if (segment.endsWith(".")) return "has a segment that ends in a dot";
    if (segment.endsWith(" ")) return "has a segment that ends in a space";
    if (WINDOWS_FORBIDDEN.test(segment)) return 'holds a control character or one of < > : " \\ | ? *';
    if (WINDOWS_DEVICE.test(segment)) return "has the name of a device";
  }
  return undefined;
}

/**
 * Gives the function that maps a path to the one name under which the target keeps it: two paths are the same file
 * there exactly when their folded paths are equal. Errs towards equal: "ß" and "ss" are one where case is folded.
 */
export function foldingOf(rules: Pick<NameRules, "foldsCase" | "foldsUnicode">): (path: string) => string {
  const foldCase = (path: string) => path.toLowerCase().toUpperCase();
  const foldUnicode = (path: string) => path.normalize("NFC");
  if (rules.foldsCase && rules.foldsUnicode) return (path) => foldUnicode(foldCase(foldUnicode(path)));
  if (rules.foldsCase) return foldCase;
  if (rules.foldsUnicode) return foldUnicode;
  return (path) => path;
}
