/** The repository's own nginx site, with the addresses of a test in place of a container's. Nothing else is changed. */
import { readFileSync } from "node:fs";

const SITE = readFileSync(new URL("../../deploy/nginx.conf", import.meta.url), "utf8");

/** @throws Error when the file has not exactly one of each line that is to be replaced. */
export function proxySite(port: number, gateways: readonly number[], { tls = "", log = "" } = {}): string {
  const server = /^ {2}server gateway:3000 resolve (.*);$/m;
  const [, parameters = ""] = server.exec(SITE) ?? [];
  const servers = gateways.map((gateway) => `  server 127.0.0.1:${gateway} ${parameters};`).join("\n");
  return [
    [server, servers],
    [/^ {2}listen 80;$/m, `  listen 127.0.0.1:${port};`],
    [/^ {2}include \/etc\/nginx\/apium-tls\/\*\.conf;$/m, tls],
    // Without a log of its own it has the server's.
    [/^ {2}access_log \/var\/log\/nginx\/access\.log apium;$/m, log === "" ? "" : `  access_log ${log} apium;`],
  ].reduce((text, [line, with_]) => replaceOne(text, line as RegExp, with_ as string), SITE);
}

function replaceOne(text: string, line: RegExp, replacement: string): string {
  if (text.match(new RegExp(line.source, "gm"))?.length !== 1) throw new Error(`deploy/nginx.conf: not one ${line}`);
  return text.replace(line, () => replacement);
}
