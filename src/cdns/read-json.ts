/** What a body holds as JSON; undefined when it is none, such as a proxy's page. */
export function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
