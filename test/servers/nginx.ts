import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDaemon } from "./daemon.ts";
import { ensurePackages } from "./packages.ts";
import { claimPorts } from "./ports.ts";

/** A running web server on loopback. */
export interface WebServer extends AsyncDisposable {
  /** Where its document root is visited: "http://127.0.0.1:10241". */
  readonly url: string;
  /** What it printed and logged so far. */
  log(): string;
  /** Ends every process of it and removes its scratch folder; the document root stays. */
  stop(): Promise<void>;
}

/** What it serves. */
export interface NginxOptions {
  /** The document root: a directory, or a symlink to one that may be switched at any time. */
  readonly root: string;
}

/** Each request opens its file by its path: there is no cache of open files, as nginx has none unless it is told to. */
function configure({ root }: NginxOptions, scratch: string, port: number): string {
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `worker_processes 2;
pid ${join(scratch, "pid")};
error_log stderr warn;
user daemon daemon;
events { worker_connections 256; }
http {
  types { text/html html; text/css css; text/javascript js; image/svg+xml svg; }
  default_type application/octet-stream;
  charset utf-8;
  access_log off;
  open_file_cache off;
  sendfile on;
${folders.map((name) => `  ${name}_temp_path ${join(scratch, name)};`).join("\n")}
  server {
    listen 127.0.0.1:${port};
    root ${JSON.stringify(root)};
    add_header Cache-Control no-store always;
  }
}
`;
}

/** Starts nginx for a document root. Its workers read it as the user `daemon`. */
export async function startNginx(options: NginxOptions): Promise<WebServer> {
  ensurePackages();
  const scratch = mkdtempSync(join(tmpdir(), "smartsync-nginx-"));
  await chmod(scratch, 0o755);
  const ports = await claimPorts();
  const config = join(scratch, "nginx.conf");
  const outputFile = join(scratch, "output.log");
  const clear = () => {
    ports.release();
    rmSync(scratch, { recursive: true, force: true });
  };
  writeFileSync(config, configure(options, scratch, ports.control));
  try {
    const daemon = await startDaemon({
      argv: ["nginx", "-p", scratch, "-c", config, "-e", "stderr", "-g", "daemon off;"],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      port: ports.control,
      outputFile,
    });
    const stop = async () => {
      await daemon.stop();
      clear();
    };
    return {
      url: `http://127.0.0.1:${ports.control}`,
      log: () => readFileSync(outputFile, "utf8"),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    clear();
    throw error;
  }
}
