/** A private nginx with one site, two workers as in its image, and a log that tells where each request went. */
import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { ask } from "./ask.ts";
import { requireBinary } from "./find-binary.ts";
import { type Place, type ServerHandle, type ServerOptions, type ServerProgram, startServer } from "./server.ts";

export interface NginxOptions extends ServerOptions {
  /** What stands in `http { }`, made for the port it listens on. */
  readonly site: (port: number) => string;
}

/** In the server's folder; its fields are separated by tabs: status, method, path, upstreams' addresses and statuses, seconds. */
export const NGINX_ACCESS_LOG = "access.log";

export function startNginx({ site, ...options }: NginxOptions): Promise<ServerHandle> {
  return startServer(nginxProgram(site), options);
}

function nginxProgram(site: NginxOptions["site"]): ServerProgram {
  return {
    name: "nginx",
    orderlySignal: "SIGTERM",
    immediateSignal: "SIGKILL",
    url: (port) => `http://127.0.0.1:${port}`,
    async prepare(place) {
      const file = path.join(place.dir, "nginx.conf");
      for (const folder of TEMPORARY) mkdirSync(path.join(place.dir, folder), { recursive: true });
      writeFileSync(path.join(place.dir, "site.conf"), site(place.port));
      writeFileSync(file, mainConfig(place));
      return { file: requireBinary("nginx"), args: ["-c", file, "-p", place.dir, "-e", "stderr"] };
    },
    async greet(place) {
      const answer = await ask(place.port, "GET /healthz HTTP/1.0\r\n\r\n", (received) =>
        received.includes("\r\n\r\n"),
      );
      if (!/^Server: nginx/m.test(answer.toString("latin1"))) throw new Error("something else owns this port");
    },
  };
}

const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

function mainConfig({ dir }: Place): string {
  const log = "$status\\t$request_method\\t$uri\\t$upstream_addr\\t$upstream_status\\t$request_time";
  return [
    // Its workers, too: as another user they could not write in this folder.
    ...(process.getuid?.() === 0 ? [`user ${userInfo().username};`] : []),
    "daemon off;",
    "worker_processes 2;",
    `pid ${path.join(dir, "nginx.pid")};`,
    "error_log stderr warn;",
    "events { worker_connections 512; }",
    "http {",
    `  log_format went '${log}';`,
    `  access_log ${path.join(dir, NGINX_ACCESS_LOG)} went;`,
    ...TEMPORARY.map((kind) => `  ${kind}_temp_path ${path.join(dir, kind)};`),
    "  include site.conf;",
    "}",
    "",
  ].join("\n");
}
