/**
 * `npm run repl` as operators have it: refused in production unless it is meant, over HTTP to an embedded system whose
 * folder it never opens, a script on its standard input or a terminal with TAB.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connect } from "../../cli/client.ts";
import { apiumProgram } from "../../cli/program.ts";
import { ReplCompletion } from "../../cli/repl-completion.ts";
import { eventually } from "../support/backends.ts";
import { bareEnvironment } from "../support/bare-environment.ts";
import { adminToken, launch, type Program, start } from "../support/programs.ts";
import { openRepl } from "../support/repl.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const REPL = fileURLToPath(new URL("../../cli/repl.ts", import.meta.url));
const QUIET = "--disable-warning=ExperimentalWarning";
const WITHIN_MS = 60_000;

/** Starts it with everything it is to read on its standard input, or in a terminal of its own. */
function run(
  environment: Readonly<Record<string, string>>,
  { input = "", flags = [] as string[], terminal = false } = {},
) {
  const env = { ...bareEnvironment(), NO_COLOR: "1", ...environment };
  const command = [process.execPath, QUIET, REPL, ...flags];
  const child = terminal
    ? spawn("script", ["-qec", command.join(" "), "/dev/null"], { env: { ...env, TERM: "xterm" } })
    : spawn(command[0] ?? "", command.slice(1), { env });
  let out = "";
  let error = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (error += chunk.toString()));
  if (!terminal) child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, ended, out: () => out, error: () => error };
}

describe("the REPL", () => {
  const folder = temporaryFolder();
  const home = temporaryFolder();
  let program: Program | undefined;
  let url = "";
  let environment: Readonly<Record<string, string>>;
  beforeAll(async () => {
    program = await start({ DATA_DIR: folder.path, SERVICES: "scheduler,gateway,cache,email" });
    url = program.url;
    environment = { HOME: home.path, APIUM_URL: url, DATA_DIR: folder.path };
  }, 400_000);
  afterAll(async () => {
    await program?.stop();
    folder.remove();
    home.remove();
  }, 400_000);

  test("refuses in production, unless it is told that this is meant", async () => {
    const production = { ...environment, NODE_ENV: "production" };
    const refused = run(production, { input: "queues\n" });
    await expect(refused.ended).resolves.toBe(2);
    expect(refused.error()).toContain("npm run repl -- --production");
    expect(refused.out()).toBe("");
    const meant = run(production, { input: "queues\n", flags: ["--production"] });
    await expect(meant.ended).resolves.toBe(0);
    expect(meant.out()).toMatch(/QUEUE +QUEUED/);
  }, 400_000);

  test("reaches an embedded system over HTTP, and never opens its folder", async () => {
    const locks = () =>
      readdirSync(folder.path)
        .filter((file) => /lock/i.test(file))
        .map((file) => [file, statSync(join(folder.path, file)).ino, statSync(join(folder.path, file)).mtimeMs]);
    const before = locks();
    expect(before.length).toBeGreaterThan(0);
    const repl = await openRepl(environment);
    expect(JSON.parse((await repl.type("queues --json")).out)).toMatchObject({ items: expect.any(Array) });
    expect((await repl.type("queues pause reports")).out).toContain("reports is paused");
    if (existsSync(`/proc/${repl.process.pid}/fd`)) {
      const open = readdirSync(`/proc/${repl.process.pid}/fd`).flatMap((fd) => {
        try {
          return [readlinkSync(`/proc/${repl.process.pid}/fd/${fd}`)];
        } catch {
          return []; // It was closed meanwhile.
        }
      });
      expect(open.length).toBeGreaterThan(3);
      expect(open.filter((file) => file.startsWith(folder.path))).toEqual([]);
    }
    expect(locks()).toEqual(before);
    // The system holds its folder as before: a second one is refused.
    const second = launch({ DATA_DIR: folder.path });
    await expect(second.exited).resolves.toBe(1);
    // It may be gone before what it printed last is read.
    await eventually(async () => second.output().includes("DATA_DIR_LOCKED"));
    await expect(repl.leave()).resolves.toBe(0);
    await expect(fetch(`${url}/healthz`).then(({ status }) => status)).resolves.toBe(200);
  }, 400_000);

  test("runs a script line by line, says what was refused, and ends after the last", async () => {
    const input = [
      ...["queues pause email", "queues resume email", "dead-letters show nothing", "frobnicate", "queues purge email"],
      ...["help schedules", "caches", "cache --help", "schedules run nobody", "audit --limit 2", ""],
    ].join("\n");
    const { ended, out, error } = run(environment, { input });
    await expect(ended).resolves.toBe(0);
    expect(out()).toMatch(/email is paused[\s\S]*email is working[\s\S]*Usage: apium schedules/);
    expect(out()).toMatch(
      /CACHE +STORE +HITS[\s\S]*Usage: Moleculer REPL cache[\s\S]*queue\.resume[\s\S]*queue\.pause/,
    );
    expect(error()).toMatch(
      /DEAD_LETTER_NOT_FOUND[\s\S]*unknown command 'frobnicate'[\s\S]*add --yes[\s\S]*SCHEDULE_NOT_FOUND/,
    );
  }, 400_000);

  test("says where it looked when there is no system, and ends", async () => {
    const { ended, error } = run({ ...environment, APIUM_URL: "http://127.0.0.1:9" });
    await expect(ended).resolves.toBe(3);
    expect(error()).toContain("no answer from http://127.0.0.1:9");
  }, 400_000);

  describe("TAB", () => {
    const completion = () => {
      const client = connect({ url, token: adminToken(folder.path) });
      return new ReplCompletion(apiumProgram({ client: () => client, write() {}, writeError() {} }), client);
    };
    test.each<[string, readonly string[] | RegExp]>([
      ["queues p", ["pause ", "purge "]],
      ["queues purge --d", ["--dry-run "]],
      ["queues pause e", ["email ", "external_api "]],
      ["tasks enqueue send_t", ["send_ticket_email "]],
      ["tasks run-now --name send_t", ["send_ticket_email "]],
      ["tasks list -q rep", ["reports "]],
      ["tasks run-now --queue email --na", ["--name "]],
      ["control rate-limit publish_m", ["publish_mqtt "]],
      ["schedules disable cleanup_of", ["cleanup_of_report_files "]],
      ["inspect active --worker ", /^\S+ $/],
      ["caches clear sel", ["select2 "]],
      ["task-events --ty", ["--type "]],
      ["queues pause nothing-of-that", []],
    ])("after %j", async (line, expected) => {
      // Names that take longer than a second are not waited for: on a slow machine TAB is pressed again.
      await eventually(async () => {
        const [found = []] = (await completion().complete(line)) ?? [];
        if (expected instanceof RegExp) expect(found).toEqual([expect.stringMatching(expected)]);
        else expect(found).toEqual(expected);
        return true;
      }, WITHIN_MS);
    });

    test("leaves Moleculer's own commands to it, and offers no names while the system is away", async () => {
      expect(await completion().complete("cache k")).toBeUndefined();
      expect(await completion().complete("nod")).toBeUndefined();
      const away = connect({ url: "http://127.0.0.1:9", token: "x" });
      const alone = new ReplCompletion(apiumProgram({ client: () => away, write() {}, writeError() {} }), away);
      expect(await alone.complete("queues pause e")).toEqual([[], "e"]);
      expect((await alone.complete("queues p"))?.[0]).toEqual(["pause ", "purge "]);
    });

    const hasTerminal = spawnSync("script", ["--version"]).status === 0;
    (hasTerminal ? test : test.skip)(
      "works in a terminal",
      async () => {
        const { child, ended, out } = run(environment, { terminal: true });
        let since = 0;
        const until = async (seen: RegExp, withinMs = WITHIN_MS) => {
          await eventually(async () => seen.test(out().slice(since)), withinMs);
          since = out().length;
        };
        await until(/apium \$ /);
        child.stdin?.write("sched\t");
        await until(/schedules/);
        child.stdin?.write(" show cleanup_of");
        // Where the names did not come within a second, none are asked for again in the next five.
        await eventually(async () => {
          child.stdin?.write("\t");
          await until(/cleanup_of_report_files/, 6_000);
          return true;
        }, WITHIN_MS);
        child.stdin?.write("\r");
        await until(/fires +42 \* \* \* \*/);
        child.stdin?.write("\u0004");
        await expect(ended).resolves.toBe(0);
      },
      400_000,
    );
  });
});
