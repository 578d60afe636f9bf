/**
 * A process that is told to stop before it is ready leaves at once, also as process 1 of a container: a signal that nobody
 * listens to does not end that one, and whoever stopped it would wait until its grace is over, and kill it.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { eventually } from "../support/backends.ts";
import { CONTAINER, firstProcess, hasContainers } from "../support/container.ts";
import { launch, start } from "../support/programs.ts";
import { createDatabase } from "../support/temporary-database.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PATIENCE_MS = 120_000;
/** Nobody listens there. */
const NOWHERE = "127.0.0.1:1";
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 400_000);

function folder(): string {
  const made = temporaryFolder();
  cleanups.push(() => made.remove());
  return made.path;
}

test("nothing is loaded before the signals are heard", () => {
  const loadedBy = (file: string) => {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
    return [...text.matchAll(/(?:from|import)\s*"(.*)"/g)].map(([, path]) => path);
  };
  expect(loadedBy("main.ts")).toEqual(["./lifecycle/told-to-stop.ts"]);
  expect(loadedBy("lifecycle/told-to-stop.ts")).toEqual([]);
});

const KINDS = { process: undefined, ...(hasContainers ? { "first process of a container": CONTAINER } : {}) };

describe.each(Object.entries(KINDS))("a %s that is told to stop while it", (_kind, within) => {
  async function toldWhen(seen: (printed: string) => boolean, settings: Readonly<Record<string, string>>) {
    const program = launch(settings, within);
    cleanups.push(() => program.process.kill("SIGKILL"));
    await eventually(async () => seen(program.output()), PATIENCE_MS);
    const { pid } = program.process;
    const told = pid === undefined || within === undefined ? pid : firstProcess(pid);
    // Never 0: that is everybody in this test's own group.
    if (told === undefined) throw new Error(`it has ended already:\n${program.output()}`);
    process.kill(told, "SIGTERM");
    return program;
  }

  test("makes its database ends at once, and the next one finds nothing that hinders it", async () => {
    const DATA_DIR = folder();
    const told = await toldWhen(() => existsSync(join(DATA_DIR, "pglite")), { DATA_DIR });
    expect([await told.exited, told.output()]).toEqual([0, expect.not.stringContaining("could not")]);
    const next = await start({ DATA_DIR }, { isFirst: true });
    expect(await next.stop()).toBe(0);
  }, 400_000);

  test("waits for PostgreSQL ends at once", async () => {
    const waits = (printed: string) => printed.includes("waiting for PostgreSQL");
    const told = await toldWhen(waits, { DATABASE_URL: `postgres://${NOWHERE}/none`, DATA_DIR: folder() });
    expect([await told.exited, told.output()]).toEqual([0, expect.not.stringContaining("could not")]);
  }, 400_000);

  test("waits for NATS ends in order", async () => {
    const database = await createDatabase(process.env.TEST_DATABASE_URL ?? "");
    cleanups.push(() => database.drop());
    const waits = (printed: string) => printed.includes("waiting for NATS");
    const told = await toldWhen(waits, {
      ...{ DATABASE_URL: database.url, NATS_URL: `nats://${NOWHERE}`, DATA_DIR: folder() },
      SERVICES: "tickets",
    });
    expect([await told.exited, told.output()]).toEqual([0, expect.not.stringContaining("could not")]);
  }, 400_000);
});
