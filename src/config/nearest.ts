import { closest, distance } from "fastest-levenshtein";

/** The candidate the word was probably meant to be; undefined when none is close. Capitals don't count. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const lower = word.toLowerCase();
  const best = closest(
    lower,
    candidates.map((candidate) => candidate.toLowerCase()),
  );
  const typosAllowed = Math.ceil(word.length / 3);
  if (distance(lower, best) > typosAllowed) return undefined;
  return candidates.find((candidate) => candidate.toLowerCase() === best);
}

/** What is said after an unknown name: the nearest known one, else all there are. */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  return known.length === 0 ? "there are none" : `known: ${known.join(", ")}`;
}
