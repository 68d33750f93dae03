import { z } from "zod";
import { seal, unseal } from "../../core/sealed.ts";
import { parseStored } from "../../core/stored.ts";

/** For which keys a stage holds bytes, in part, and since when. */
export interface StageNote {
  /** When the stage was begun: milliseconds since the epoch. */
  readonly at: number;
  readonly keys: readonly string[];
}

const NAME = /\/note-\d+\.gz$/;

const schema = z.strictObject({ format: z.literal(1), at: z.number(), keys: z.array(z.string()) });

/** The name of a stage's note within its area. */
export function noteName(number: number): string {
  return `note-${number}.gz`;
}

/** True for the key of a note, of whichever stage. */
export function isNote(key: string): boolean {
  return NAME.test(key);
}

/** Writes a note, sealed. */
export function encodeNote(note: StageNote): Uint8Array {
  return seal(JSON.stringify({ format: 1, ...note }));
}

/** Reads a note. Throws when it is damaged or anything else. */
export function parseNote(bytes: Uint8Array): StageNote {
  return parseStored("the stage's note", JSON.parse(unseal(bytes)), schema);
}
