import { expect, test } from "vitest";
import { refusalError } from "../../../src/targets/gcs/gcs-error.ts";
import { readRefusal } from "../../../src/targets/gcs/gcs-wire.ts";

const answer = (status: number, text: string) => readRefusal({ status, headers: {}, body: Buffer.from(text) });

test.each([
  ["No such object: www/お知らせ.html", "not-found"],
  ['{"error":{"message":"The specified bucket does not exist.","errors":[{"reason":"notFound"}]}}', "bucket-missing"],
  ["<!DOCTYPE html><h1>Not Found</h1>", "store-unclear"],
])("404 %s is told as %s", (text, code) => {
  expect(refusalError("read gs://www/お知らせ.html", answer(404, text)).code).toBe(code);
});
