import { rsyncTarget } from "../../../src/targets/ssh/rsync-target.ts";
import { testTarget } from "../../contract/target-contract.ts";
import { startReleasesServer } from "./releases-server.ts";

testTarget("sftp with releases", () => startReleasesServer());
testTarget("rsync with releases", () => startReleasesServer({}, rsyncTarget));
