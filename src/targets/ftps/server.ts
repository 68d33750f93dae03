import type { NameRules } from "../../core/names.ts";
import type { FtpsConfig } from "./ftps-config.ts";
import type { NameCodec } from "./name-codec.ts";
import type { Reply } from "./replies.ts";
import type { Trust } from "./trust.ts";

/** What is known of a server; every connection to it shares this and adds what it learns on the way. */
export interface Server {
  readonly config: FtpsConfig;
  readonly trust: Trust;
  readonly codec: NameCodec;
  readonly timeoutMs: number;
  /** Which command opens a data port here. */
  passive: "EPSV" | "PASV";
  /** Lists directories for machines (RFC 3659). */
  mlsd: boolean;
  /** How a file's modification time is set: by MFMT, vsftpd's way of MDTM, or not at all. */
  mtimeCommand: "MFMT" | "MDTM" | undefined;
  /** SITE CHMOD works. */
  chmod: boolean;
  /** SIZE tells how many bytes a file has (RFC 3659). */
  measures: boolean;
  /** RNTO replaces an existing file. */
  renameReplaces: boolean;
  /** A Windows file system lies behind it. */
  windows: boolean;
  /** Names may hold a backslash. */
  backslash: boolean;
  /** What to show of the server: "TLSv1.3", "MLSD". */
  features: string[];
}

/** A server nothing is known of yet. */
export function createServer(config: FtpsConfig, trust: Trust, codec: NameCodec): Server {
  return {
    config,
    trust,
    codec,
    timeoutMs: config.timeout * 1000,
    passive: config.passive === "pasv" ? "PASV" : "EPSV",
    mlsd: false,
    mtimeCommand: undefined,
    chmod: false,
    measures: true,
    renameReplaces: true,
    windows: false,
    backslash: true,
    features: [],
  };
}

/** Every server at hand keeps paths in 4,096 bytes, the command before them and the line end after them included. */
const LONGEST_PATH = 4_000;

/** What names the server can hold below a document root. */
export function namesOf({ codec, windows, backslash }: Server, root: string): NameRules {
  const { encodedLength } = codec;
  return {
    foldsCase: windows,
    foldsUnicode: false,
    maxSegmentBytes: 255,
    maxPathBytes: LONGEST_PATH - (encodedLength(root) ?? 0),
    windows,
    encodedLength: backslash ? encodedLength : (name) => (name.includes("\\") ? null : encodedLength(name)),
  };
}

/** What a server answered when it was asked what it can do. */
export type Answers = Readonly<Record<"feat" | "syst" | "siteHelp" | "setTime", Reply>>;

/** What the answers say. */
export function readFeatures({ feat, syst, siteHelp, setTime }: Answers, config: FtpsConfig): Partial<Server> {
  const offered = new Set(
    feat.message.split("\n").flatMap((line) => /^\s+([A-Za-z0-9]+)/.exec(line)?.[1]?.toUpperCase() ?? []),
  );
  const mdtmSets = /could not set/i.test(setTime.message);
  const mtimeCommand = offered.has("MFMT") ? "MFMT" : mdtmSets ? "MDTM" : undefined;
  const chmod = /\bCHMOD\b(?!\*)/i.test(siteHelp.message);
  const mlsd = offered.has("MLST") || offered.has("MLSD");
  return {
    mlsd,
    mtimeCommand: config.mtimes ? mtimeCommand : undefined,
    chmod: config.modes !== "server" && chmod,
    windows: /windows/i.test(syst.message),
    backslash: !/Pure-FTPd/.test(siteHelp.message),
    features: [
      ...(mlsd ? ["MLSD"] : []),
      ...(mtimeCommand ? [mtimeCommand] : []),
      ...(chmod ? ["SITE CHMOD"] : []),
      ...(offered.has("UTF8") ? ["UTF8"] : []),
    ],
  };
}
