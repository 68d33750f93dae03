/**
 * A path in which some characters are percent-encoded that the planner may have left as browsers send them: providers
 * refuse a whole request for one that they don't take. `marks` has the flag g.
 */
export function encodeMarks(path: string, marks: RegExp): string {
  return path.replace(marks, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
