/** What a container's HEALTHCHECK says of each role, asked of real processes. */
import { execFile } from "node:child_process";
import { existsSync, utimesSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "@jest/globals";
import { start } from "../support/programs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PROGRAM = fileURLToPath(new URL("../../cli/healthcheck.mjs", import.meta.url));
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 400_000);

function folder(): string {
  const made = temporaryFolder();
  cleanups.push(() => made.remove());
  return made.path;
}

/** "well", or what is wrong. */
function healthOf(settings: Readonly<Record<string, string>>): Promise<string> {
  const { PATH } = process.env;
  return new Promise((resolve) =>
    execFile(process.execPath, [PROGRAM], { env: { PATH, ...settings } }, (error, _out, said) =>
      resolve(error === null ? "well" : said.trim()),
    ),
  );
}

test("a worker is well while its process does something, though it has no port", async () => {
  const dataDir = folder();
  const ALIVE_FILE = join(dataDir, "alive");
  const settings = { DATA_DIR: dataDir, SERVICES: "email,datasets", ALIVE_FILE };
  expect(await healthOf(settings)).toBe("not ready yet");
  const worker = await start(settings);
  cleanups.push(() => worker.process.kill("SIGKILL"));
  expect(existsSync(ALIVE_FILE)).toBe(true);
  expect(await healthOf(settings)).toBe("well");
  worker.process.kill("SIGSTOP");
  const longAgo = Date.now() / 1_000 - 60;
  utimesSync(ALIVE_FILE, longAgo, longAgo);
  expect(await healthOf(settings)).toMatch(/^no sign of life for \d+ s$/);
}, 400_000);

test("a gateway is well while it answers", async () => {
  let status = 200;
  const server = createServer((_request, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const PORT = String((server.address() as AddressInfo).port);
  for (const SERVICES of ["", "gateway", "tickets, gateway"]) expect(await healthOf({ PORT, SERVICES })).toBe("well");
  status = 500;
  expect(await healthOf({ PORT, SERVICES: "gateway" })).toBe("the gateway answers 500");
  await new Promise((resolve) => server.close(resolve));
  expect(await healthOf({ PORT, SERVICES: "gateway" })).toMatch(/^the gateway does not answer: .*ECONNREFUSED/);
  expect(await healthOf({ PORT, SERVICES: "scheduler,cache" })).toBe("well");
}, 400_000);
