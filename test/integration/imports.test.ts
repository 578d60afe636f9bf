/** Facilities out of rows: what is made, what is refused and why, and that nothing half-done is ever kept. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { importsModule } from "../../services/imports/index.ts";
import { IMPORTERS } from "../../services/index.ts";
import { createJob, createPpmJob } from "../../services/jobs/tasks.ts";
import { readFiles, tableFiles } from "../../spreadsheet/index.ts";
import { availableBackends, eventually } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type RunningServices, startServices } from "../support/services.ts";

interface Done {
  readonly state: string;
  readonly bad: number;
  readonly counts: Record<string, { rows: number; created: number; changed: number; unchanged: number; bad: number }>;
}
interface Problem {
  readonly file: string;
  readonly line: number | null;
  readonly column: string | null;
  readonly message: string;
}
type Rows = readonly { kind: string; file: string; line: number; cells: Record<string, string> }[];

const DEMO = join(import.meta.dirname, "../../examples/demo-facility");

/** Lines of a CSV without quotes, as rows. */
function rowsOf(kind: string, text: string): Rows {
  const [head = [], ...lines] = text
    .trim()
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()));
  return lines.map((cells, index) => ({
    ...{ kind, file: `${kind}.csv`, line: index + 2 },
    cells: Object.fromEntries(head.map((name, at) => [name, cells[at] ?? ""])),
  }));
}

const CLIENT = rowsOf("clients", "code | name | timezone\nACME | Acme Ltd | Europe/Berlin");

describe.each(availableBackends())("imports on %s", (backend) => {
  let facility: Facility;
  let services: RunningServices;
  beforeAll(async () => {
    facility = await openFacility(backend);
    // The demo is loaded into an empty system only.
    await facility.makeSite();
    services = await startServices(facility.backend, {
      modules: [importsModule(IMPORTERS)],
      tasks: [createJob, createPpmJob],
    });
  }, 400_000);
  afterAll(async () => {
    await services.stop();
    await facility.backend.close();
  });

  const call = <Result>(action: string, params: object, user: object = { name: "root", role: "admin" }) =>
    services.call<Result>(`imports.${action}`, params, { user });
  async function deliver(rows: Rows, options: object = {}, user?: object): Promise<Done & { problems: Problem[] }> {
    const { id } = await call<{ id: number }>("create", {}, user);
    for (let start = 0; start < rows.length; start += 500) {
      await call("addRows", { id, rows: rows.slice(start, start + 500) }, user);
    }
    await call("run", { id, ...options }, user);
    const done = await eventually(async () => {
      const found = await call<Done>("get", { id }, user);
      return found.state !== "QUEUED" && found;
    }, 180_000);
    const { items } = await call<{ items: Problem[] }>("problems", { id, limit: 500 }, user);
    return { ...done, problems: items };
  }
  const count = async (text: string) => (await facility.one<{ n: number }>(`select count(*)::integer as n ${text}`)).n;
  const TABLES = ["site", "person", "job", "question", "escalation_matrix", "ticket", "asset", "group_member"];
  const sizes = async () =>
    Object.fromEntries(await Promise.all(TABLES.map(async (t) => [t, await count(`from ${t}`)])));

  test("the demo facility: a dry run keeps nothing, the real one makes all, again changes nothing", async () => {
    const rows: Rows[number][] = [];
    for await (const row of readFiles(await tableFiles([DEMO]))) rows.push(row);
    const before = await sizes();
    const dry = await deliver(rows, { dryRun: true });
    expect(dry).toMatchObject({ state: "CHECKED", bad: 0 });
    expect(await sizes()).toEqual(before);

    const first = await deliver(rows);
    expect(first).toMatchObject({ state: "DONE", bad: 0 });
    expect(first.counts).toEqual(dry.counts);
    for (const [kind, one] of Object.entries(first.counts)) expect([kind, one.created]).toEqual([kind, one.rows]);
    const tour = await facility.all<{ seqno: number; asset: string }>(
      `select c.seqno, a.code as asset from job c join job j on j.id = c.parent_id join asset a on a.id = c.asset_id
       where j.name = 'Night tour' order by c.seqno`,
    );
    expect(tour.map(({ asset }) => asset)).toEqual(["CP-1", "CP-2", "CP-3", "CP-4", "CP-5"]);
    expect(
      await facility.one("select p.name from site s join person p on p.id = s.incharge_id where s.code = 'LON-02'"),
    ).toEqual({ name: "Grace Whitfield" });
    expect(await count("from task where name = 'send_ticket_email'")).toBe(0);

    const after = await sizes();
    const again = await deliver(rows);
    for (const [kind, one] of Object.entries(again.counts)) expect([kind, one.unchanged]).toEqual([kind, one.rows]);
    expect(await sizes()).toEqual(after);

    const changed = rows.map((row) =>
      row.kind === "people" && row.cells.code === "E-102" ? { ...row, cells: { ...row.cells, phone: "1" } } : row,
    );
    const third = await deliver(
      changed.filter(({ kind }) => kind === "clients" || kind === "people" || kind === "sites"),
    );
    expect(third.counts.people).toMatchObject({ changed: 1, unchanged: 11 });
  }, 300_000);

  test("every bad cell is told with file, line and column; nothing is kept; the rest can be taken in alone", async () => {
    const rows = [
      ...CLIENT,
      ...rowsOf(
        "sites",
        "code | name | timezone\nB-1 | Berlin | Europe/Berlin\nB-2 | Munich | Europe/Munich\nB-1 | Again | UTC\n | No code | UTC",
      ),
      ...rowsOf(
        "people",
        "code | name | site | emial\nP1 | Ann | B-1 |\nP2 | Bob | B-2 |\nP3 | Cid | b-1 |\nP4 | Dee | 1 |",
      ),
      ...rowsOf(
        "jobs",
        "site | name | cron | valid_to | plan_duration | is_dynamic | person\n" +
          "B-1 | Round | 0 25 * * * | 2030-01-01 | 30 | no | P1\nB-1 | Two | 0 5 * * * | 2030-13-01 | thirty | maybe | P1\n" +
          "B-1 | Three | 0 5 * * * | 2030-06-01 08:00 | 30 | no | NONE",
      ),
      ...rowsOf("checkpoints", "site | tour | seqno | asset\nB-1 | Nowhere | 1 | CP"),
      ...rowsOf("robots", "code\nR2"),
    ];
    const before = await sizes();
    const refused = await deliver(rows);
    expect(refused.state).toBe("REFUSED");
    expect(await sizes()).toEqual(before);
    const told = refused.problems.map(({ file, line, column, message }) => [file, line, column, message]);
    expect(told).toEqual(
      expect.arrayContaining([
        ["sites.csv", 3, "timezone", expect.stringMatching(/not a time zone/)],
        ["sites.csv", 4, "code", "the same row is in sites.csv line 2"],
        ["sites.csv", 5, "code", "must have a value"],
        ["people.csv", 1, "emial", expect.stringMatching(/no column of this name/)],
        ["people.csv", 3, "site", "the site B-2 could not be taken in: see sites.csv line 3"],
        ["people.csv", 4, "site", "there is no site b-1; did you mean B-1?"],
        ["jobs.csv", 2, "cron", expect.stringMatching(/25/)],
        ["jobs.csv", 3, "plan_duration", expect.stringMatching(/must be a number/)],
        ["jobs.csv", 3, "is_dynamic", "must be yes or no"],
        ["jobs.csv", 3, "valid_to", expect.stringMatching(/must be a date/)],
        ["checkpoints.csv", 2, "tour", expect.stringMatching(/no job Nowhere at this site/)],
        ["robots.csv", null, null, expect.stringMatching(/nothing is called "robots"/)],
      ]),
    );
    expect(told).toHaveLength(13);

    const partly = await deliver(rows, { skipBad: true });
    expect(partly.state).toBe("DONE");
    // P4's site is 1, which is the original's "none".
    expect(partly.counts).toMatchObject({
      sites: { created: 1, bad: 3 },
      people: { created: 2 },
      jobs: { created: 1 },
    });
    const job = await facility.one<{ valid_to: Date }>("select valid_to from job where name = 'Three'");
    expect(job.valid_to.toISOString()).toBe("2030-06-01T06:00:00.000Z");
  }, 400_000);

  test("somebody of a client takes in their own only, and sees nobody else's imports", async () => {
    const own = await facility.makeClient();
    const other = await facility.makeClient();
    const olga = { name: "olga", role: "admin", clientId: own };
    const eve = { name: "eve", role: "admin", clientId: other };
    const { id } = await call<{ id: number }>("create", {}, olga);
    await expect(call("get", { id }, eve)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(call("addRows", { id, rows: CLIENT }, eve)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(call("run", { id }, eve)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(call("problems", { id }, eve)).rejects.toMatchObject({ code: "NOT_FOUND" });

    const foreign = await deliver(rowsOf("clients", "code | name | timezone\nNEW | New | UTC"), {}, olga);
    expect(foreign).toMatchObject({ state: "REFUSED" });
    expect(foreign.problems[0]?.message).toMatch(/only an operator of the whole system/);
    expect(await count("from site where code = 'NEW'")).toBe(0);

    const mine = await deliver(rowsOf("sites", "code | name | timezone\nO-1 | Olga's | UTC"), {}, olga);
    expect(mine.state).toBe("DONE");
    expect(await facility.one("select client_id from site where code = 'O-1'")).toEqual({ client_id: own });
  }, 400_000);

  test("without a client, with an unknown one, or with two, it says so", async () => {
    const sites = rowsOf("sites", "code | name | timezone\nX-1 | X | UTC");
    expect((await deliver(sites)).problems[0]?.message).toMatch(/several clients/);
    const two = rowsOf("clients", "code | name | timezone\nC1 | A | UTC\nC2 | B | UTC");
    expect((await deliver([...two, ...sites])).problems[0]?.message).toMatch(/about one client/);
  }, 400_000);

  test("hostile cells are text, or are refused", async () => {
    const evil = "'); drop table person; --";
    const done = await deliver([
      ...rowsOf("clients", "code | name | timezone\nEVIL | x | UTC"),
      ...rowsOf(
        "people",
        `code | name | email\nE1 | ${evil} | a@b.example\nE2 | =cmd() | not an address\nE3 | <script> | c@d.example`,
      ),
    ]);
    expect(done.problems).toMatchObject([{ line: 3, column: "email" }]);
    const { id } = await call<{ id: number }>("create", {});
    const row = { kind: "people", file: "p.csv", line: 2, cells: { code: "a\0b" } };
    await expect(call("addRows", { id, rows: [row] })).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    await expect(call("addRows", { id, rows: [] })).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    await expect(call("addRows", { id, rows: [{ ...row, cells: {}, line: 0 }] })).rejects.toMatchObject({
      code: "PARAMS_INVALID",
    });
  }, 400_000);

  test("thousands of rows pass; an import that has run is not run again", async () => {
    const people = Array.from({ length: 3_000 }, (_, n) => `M-${n} | Person ${n} | m-${n}@x.example`).join("\n");
    const rows = [
      ...rowsOf("clients", "code | name | timezone\nMANY | Many | UTC"),
      ...rowsOf("people", `code | name | email\n${people}`),
    ];
    const done = await deliver(rows);
    expect(done.counts.people).toMatchObject({ rows: 3_000, created: 3_000, bad: 0 });
    const { id } = await facility.one<{ id: number }>("select max(id)::integer as id from facility_import");
    await expect(call("run", { id })).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    await expect(call("addRows", { id, rows: CLIENT })).rejects.toMatchObject({ code: "PARAMS_INVALID" });
  }, 300_000);
});
