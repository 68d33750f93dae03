/** What is heard of the files that rsync sends, by their names in the spool. */
export interface RsyncNews {
  /** It begins to send the file. */
  begun(id: string): void;
  /** So many more bytes went to the server. */
  passed(bytes: number): void;
}

/** Reads rsync's standard output, in pieces as it comes: `>id` before a file is sent. Anything else is passed over. */
export function parseRsyncOutput(begun: RsyncNews["begun"]): (piece: string) => void {
  let rest = "";
  return (piece) => {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, id] = /^>([0-9a-f]+)$/.exec(line) ?? [];
      if (id !== undefined) begun(id);
    }
  };
}
