import { Readable } from "node:stream";

/**
 * A stream of bytes that are all in memory. Whoever wants them all takes `content` and need not stream it, which costs
 * more than reading a small file does.
 */
export class WholeBody extends Readable {
  readonly content: Uint8Array;

  constructor(content: Uint8Array) {
    super();
    this.content = content;
  }

  override _read(): void {
    if (this.content.length > 0) this.push(this.content);
    this.push(null);
  }
}
