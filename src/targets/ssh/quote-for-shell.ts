/**
 * Writes words as one command line for a POSIX shell, each kept whole whatever it holds (POSIX.1-2017, Shell Command
 * Language 2.2.2). Throws on NUL, which no argument can hold.
 */
export function quoteForShell(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

function quoteWord(word: string): string {
  if (word.includes("\0")) throw new TypeError("an argument can't hold NUL");
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
