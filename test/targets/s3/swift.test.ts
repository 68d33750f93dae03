import { test } from "vitest";
import { testObjectStore } from "../../contract/object-store-contract.ts";
import { makeBucket } from "../../servers/s3-bucket.ts";
import { startSwift } from "../../servers/swift.ts";
import { expectDelivered, expectPush, rewrite, siteFor } from "./deliveries.ts";
import { s3Setting } from "./s3-setting.ts";
import { storeServer } from "./store-server.ts";

/** An old compatible: neither conditions nor aws-chunked, and an MD5 with every deletion of many. */
const GENERIC = { preset: "generic" };

testObjectStore("Swift", async () => storeServer(await startSwift(), "store", GENERIC), { conditions: "unproven" });

// The target contract's readers are promised that no file is ever missing, which Swift on a single disk can't keep:
// it answers 404 in the moment in which it replaces an object. So whole deliveries are looked at instead.
test.each(["ordered", "staged"])(
  "Swift gets a site, changes to it and deletions (%s)",
  { timeout: 150_000 },
  async (publish) => {
    await using server = await startSwift();
    const bucket = await makeBucket(server, "site");
    const setting = s3Setting(server, "site", GENERIC);
    const workspace = siteFor(setting, 40);
    workspace.configure({ bucket: setting }, { publish });
    await expectPush(workspace, 0);
    await expectDelivered(workspace, bucket);
    rewrite(workspace);
    workspace.publish({ "news/1000.html": null, "お知らせ/1001.html": null, "新着/index.html": "新しい" });
    await expectPush(workspace, 0);
    await expectDelivered(workspace, bucket);
  },
);
