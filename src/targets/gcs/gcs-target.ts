import { defineTarget } from "../target.ts";
import { gcsSchema } from "./gcs-schema.ts";

/** A bucket of Google Cloud Storage, whose objects are the site. */
export const gcsTarget = defineTarget({
  type: "gcs",
  schema: gcsSchema,
  describe: ({ bucket, prefix }) => `gs://${bucket}${prefix === "" ? "" : `/${prefix.replace(/\/$/, "")}`}`,
  async open(config, options, _ctx) {
    const { openGcs } = await import("./open-gcs.ts");
    return openGcs(config, options);
  },
});
