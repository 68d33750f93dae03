import { contract } from "./sftp-server.ts";

contract("SFTP, OpenSSH, shell account", {});
contract("SFTP, OpenSSH, chrooted internal-sftp", { chroot: true });
