/** An answer that is an error, as S3 words it. */
export class S3Fault extends Error {
  readonly status: number;
  /** "NoSuchKey" */
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  /** More elements of the Error document: { Region: "us-east-1" }. */
  readonly details: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { headers?: Readonly<Record<string, string>>; details?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = more.headers ?? {};
    this.details = more.details ?? {};
  }
}

/** Throws a fault unless the condition holds. */
export function demand(condition: boolean, status: number, code: string, message: string): asserts condition {
  if (!condition) throw new S3Fault(status, code, message);
}
