import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { S3Connection, S3Request } from "./s3-connection.ts";
import { readElement } from "./xml.ts";

/** A list that S3 gives page by page. */
export interface PagedList {
  readonly deed: S3Request["deed"];
  /** What the answer is called: anything else is not one of a store, and never an empty list. */
  readonly root: string;
  readonly query: Readonly<Record<string, string>>;
  /** The elements of a page that say where the next one begins, and the parameters they become. */
  readonly next: Readonly<Record<string, string>>;
}

/** The pages of a list, as XML. */
export async function* listPages(connection: S3Connection, list: PagedList, ctx: Ctx): AsyncGenerator<string> {
  for (let markers: Record<string, string> | undefined = {}; markers !== undefined; ) {
    const query = { ...list.query, ...markers };
    const { body } = await connection.request({ deed: list.deed, method: "GET", query }, ctx);
    const page = body.toString();
    if (!new RegExp(`<${list.root}[\\s>/]`).test(page)) throw noStore(connection, list);
    yield page;
    markers = readElement(page, "IsTruncated") === "true" ? markersOf(page, list.next) : undefined;
    // Whoever took the list for whole would take what is not on it for deleted.
    if (markers !== undefined && Object.keys(markers).length === 0) throw noStore(connection, list);
  }
}

function markersOf(page: string, next: PagedList["next"]): Record<string, string> {
  const found = Object.entries(next).map(([element, parameter]) => [parameter, readElement(page, element) ?? ""]);
  return Object.fromEntries(found.filter(([, marker]) => marker !== ""));
}

function noStore({ place }: S3Connection, { deed }: PagedList): SmartsyncError {
  return new SmartsyncError(`could not ${deed.doing} ${place}: the answer is not one of an S3 store`, {
    kind: "config",
    code: "store-unclear",
    hint: "see whether the endpoint is the store's own and not a web site's",
  });
}
