import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ScratchServer, startInScratch } from "./scratch-server.ts";

/** A running web server on loopback. */
export interface WebServer extends ScratchServer {
  /** Where its document root is visited: "http://127.0.0.1:10241". */
  readonly url: string;
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
export function startNginx(options: NginxOptions): Promise<WebServer> {
  return startNginxWith((scratch, port) => configure(options, scratch, port));
}

/** Starts nginx with a configuration that is written for its scratch folder and its port. */
export async function startNginxWith(configureFor: (scratch: string, port: number) => string): Promise<WebServer> {
  const server = await startInScratch("nginx", (scratch, { control }) => {
    chmodSync(scratch, 0o755);
    const config = join(scratch, "nginx.conf");
    writeFileSync(config, configureFor(scratch, control));
    return {
      argv: ["nginx", "-p", scratch, "-c", config, "-e", "stderr", "-g", "daemon off;"],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    };
  });
  return { ...server, url: `http://127.0.0.1:${server.port}` };
}
