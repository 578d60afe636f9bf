/** The command line as operators and scripts use it: against a running system, with tables, JSON and exit codes. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "../support/backends.ts";
import { runCommand } from "../support/command-line.ts";
import { adminToken, type Program, start } from "../support/programs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("the command line", () => {
  const folder = temporaryFolder();
  let program: Program;
  beforeAll(async () => {
    program = await start({ DATA_DIR: folder.path, SERVICES: "scheduler,gateway,mqtt,media" });
  }, 400_000);
  afterAll(async () => {
    await program.stop();
    folder.remove();
  }, 400_000);

  const apium = (words: readonly string[], environment?: Readonly<Record<string, string>>) =>
    runCommand({ url: program.url, token: adminToken(folder.path) }, words, environment);

  test("lists schedules as a table, and as JSON for machines", async () => {
    const human = await apium(["schedules", "list"]);
    expect(human.code).toBe(0);
    expect(human.out).toMatch(/NAME +WHEN +TASK +NEXT/);
    expect(human.out).toMatch(/auto_close_at_every_30_minute +\*\/30 \* \* \* \* +auto_close_jobs/);
    const machine = await apium(["schedules", "list", "--json"]);
    const { items } = JSON.parse(machine.out) as { items: { name: string }[] };
    expect(items).toHaveLength(11);
  }, 400_000);

  test("makes, changes, runs and deletes a schedule", async () => {
    const words = ["--task", "process_large_dataset", "--cron", "30 2 * * mon-fri", "--timezone", "Europe/Berlin"];
    const added = await apium([
      "schedules",
      "add",
      "nightly",
      ...words,
      "--params",
      '{"datasetId":1}',
      "--expires",
      "2h",
    ]);
    expect(added).toMatchObject({ code: 0, error: "" });
    expect(added.out).toContain("At 02:30, Monday through Friday");
    const edited = await apium(["schedules", "edit", "nightly", "--expires", "none", "--priority", "9", "--json"]);
    expect(JSON.parse(edited.out)).toMatchObject({ expires: null, priority: 9, version: 2, cron: "30 2 * * mon-fri" });
    const disabled = await apium(["schedules", "disable", "nightly", "--json"]);
    expect(JSON.parse(disabled.out)).toMatchObject({ enabled: false, nextRunAt: null });
    expect((await apium(["schedules", "run", "nightly"])).out).toMatch(/^task [0-9a-f-]{36} is in the queue default/);
    expect((await apium(["schedules", "history", "nightly"])).out).toContain("by hand");
    expect((await apium(["schedules", "remove", "nightly"])).code).toBe(0);
    expect(await apium(["schedules", "show", "nightly"])).toMatchObject({
      code: 1,
      out: "",
      error: expect.stringContaining("SCHEDULE_NOT_FOUND"),
    });
  }, 400_000);

  test("previews any timing", async () => {
    const words = ["--timezone", "Europe/Berlin", "--from", "2026-03-28T00:00:00Z", "-n", "3", "--json"];
    const { out } = await apium(["schedules", "preview", "30 2 * * *", ...words]);
    expect(JSON.parse(out)).toEqual({
      fires: ["2026-03-28T01:30:00.000Z", "2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"],
    });
  }, 400_000);

  test("exit codes tell refused, mistyped and unreachable apart", async () => {
    const bad = await apium(["schedules", "preview", "99 * * * *"]);
    expect(bad).toMatchObject({ code: 1, error: expect.stringContaining('minute "99": 99 is above 59') });
    expect((await apium(["schedules", "frobnicate"])).code).toBe(2);
    expect((await apium(["schedules", "add", "x"])).code).toBe(2);
    expect(await apium(["schedules"], { APIUM_URL: "http://127.0.0.1:1" })).toMatchObject({
      code: 3,
      error: expect.stringContaining("no answer from http://127.0.0.1:1"),
    });
    expect(await apium(["schedules"], { APIUM_TOKEN: "not-the-token-at-all" })).toMatchObject({
      code: 1,
      error: expect.stringContaining("UNAUTHENTICATED"),
    });
  }, 400_000);

  test("shows how it stands with MQTT and with attachments", async () => {
    await eventually(async () => /connection +connected/.test((await apium(["mqtt"])).out), 120_000);
    const { code, out } = await apium(["mqtt"]);
    expect(code).toBe(0);
    expect(out).toMatch(/broker +its own, mqtt:\/\/127\.0\.0\.1:\d+\nhears devices +(yes|no)\noutbox +0 wait\n/);
    expect(out).toMatch(/of devices +\d+ received/);
    expect(await apium(["attachments"])).toMatchObject({ code: 0, out: "none\n" });
    expect(JSON.parse((await apium(["attachments", "--json"])).out)).toEqual({ items: [] });
  }, 400_000);

  test("the doctor ends with 1 while something does not run", async () => {
    const { code, out } = await apium(["doctor"]);
    expect(code).toBe(/^error /m.test(out) ? 1 : 0);
    expect(out).toContain("COLLISION");
  }, 400_000);
});
