import { BARE, contract } from "./sftp-server.ts";

contract("SFTP, a server without extensions", BARE, { atomicReplace: false });
