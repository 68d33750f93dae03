import { Writable } from "node:stream";

/** A stream that keeps what was written; with columns it passes for a terminal. */
export class FakeOutput extends Writable {
  readonly writes: string[] = [];
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  readonly rows = 40;

  constructor(columns?: number) {
    super({ decodeStrings: false });
    this.isTTY = columns !== undefined;
    this.columns = columns;
  }

  /** Everything written so far. */
  get text(): string {
    return this.writes.join("");
  }

  /** The lines written so far, without the last one's end. */
  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    this.writes.push(String(chunk));
    done();
  }
}
