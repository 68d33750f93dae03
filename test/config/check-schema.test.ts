import { expect, test } from "vitest";
import { checkSchema } from "../../src/config/check-schema.ts";

test("an empty check has every default", () => {
  expect(checkSchema.parse({})).toEqual({
    urls: [],
    sample: 10,
    within: 120,
    compare: "content",
    headers: [],
    onFailure: "warn",
    privateNetworks: false,
  });
});

test.each([
  ["90s", 90],
  ["5m", 300],
  ["2h", 7200],
])("within %s is %i seconds", (within, seconds) => {
  expect(checkSchema.parse({ within }).within).toBe(seconds);
});

test("headers are kept in lower case, and addresses as they are written", () => {
  const origin = "http://10.0.0.5/";
  const urls = ["/採用/", "https://www.example.jp/"];
  const check = checkSchema.parse({ headers: ["Cache-Control"], origin, urls });
  expect(check).toMatchObject({ headers: ["cache-control"], origin, urls });
});

test.each([
  [{ within: "0s" }, "must be a duration"],
  [{ within: "3h" }, "two hours at most"],
  [{ within: 120 }, "must be a duration"],
  [{ urls: ["news/"] }, 'must begin with "/"'],
  [{ urls: ["https://"] }, "must be an address"],
  [{ sample: -1 }, "expected number to be >=0"],
  [{ headers: ["etag"] }, "set `origin`"],
  [{ originHost: "www.example.jp" }, "set `origin`"],
  [{ origin: "http://user:pass@10.0.0.5/" }, "must not hold a user"],
  [{ origin: "ftp://10.0.0.5/" }, "must be an address"],
  [{ origin: "http://10.0.0.5/", originHost: "日本.jp" }, "in ASCII"],
  [{ headers: ["cache control"], origin: "http://10.0.0.5/" }, "must be the name of a header"],
  [{ purge: true }, "Unrecognized key"],
])("%j is refused: %s", (settings, message) => {
  const { error } = checkSchema.safeParse(settings);
  expect(error?.issues.map((issue) => issue.message).join()).toContain(message);
});
