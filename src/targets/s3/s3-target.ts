import { defineTarget } from "../target.ts";
import { s3Schema } from "./s3-schema.ts";

/** A bucket of Amazon S3, or of a store that speaks its language. */
export const s3Target = defineTarget({
  type: "s3",
  schema: s3Schema,
  describe({ bucket, prefix }) {
    return `s3://${bucket}${prefix === "" ? "" : `/${prefix.replace(/\/$/, "")}`}`;
  },
  async open(config, options) {
    const { openS3 } = await import("./open-s3.ts");
    return openS3(config, options);
  },
});
