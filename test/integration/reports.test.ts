/** Reports on demand: made once, told where they fail, mailed with their file, gone when their time is over, nobody else's. */
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { simpleParser } from "mailparser";
import { emailModule } from "../../services/email/index.ts";
import type { MailSummary } from "../../services/email/mailbox.ts";
import { reportsModule } from "../../services/reports/index.ts";
import { cleanupReports, sendGeneratedReportOnMail } from "../../services/reports/tasks.ts";
import { availableBackends, eventually } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type RunningServices, startServices } from "../support/services.ts";
import { SetClock } from "../support/sweeps.ts";

interface Run {
  readonly id: number;
  readonly state: string;
  readonly rows: number;
  readonly fileName: string;
  readonly expiresAt: string;
  readonly taskId: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly deliveries: { readonly state: string }[];
}

describe.each(availableBackends().filter((name) => name !== "jetstream"))("reports on demand on %s", (backend) => {
  let facility: Facility;
  let services: RunningServices;
  let clock: SetClock;
  let folder: string;
  let site: number;
  let client: number;
  beforeAll(async () => {
    facility = await openFacility(backend);
  }, 400_000);
  beforeEach(async () => {
    await facility.database.query("truncate task, report_schedule, report_run, report_delivery, jobneed cascade");
    folder = await mkdtemp(join(tmpdir(), "apium-reports-"));
    clock = new SetClock();
    site = await facility.makeSite({ name: "Depot" });
    client = await facility.clientOf(site);
    await facility.makeJobneed(site, { plan_at: "2026-01-05T10:00:00Z", name: "Round", status: "COMPLETED" });
    services = await startServices(facility.backend, {
      modules: [reportsModule, emailModule],
      environment: { DATA_DIR: folder },
      runtime: { parts: { clock } },
    });
  }, 400_000);
  afterEach(async () => {
    await facility.backend.reset();
    await services.stop();
    await rm(folder, { recursive: true, force: true });
  }, 400_000);
  afterAll(() => facility.backend.close());

  const as = (clientId: number | undefined) => ({ user: { name: "olga", role: "operator", clientId } });
  const call = <Result>(action: string, params: object, clientId: number | undefined = client) =>
    services.call<Result>(`reports.${action}`, params, as(clientId));
  const january = { from: "2026-01-01T00:00:00Z", upto: "2026-02-01T00:00:00Z" };
  const order = (more: object = {}) =>
    call<Run>("create", { report: "LISTOFTASKS", format: "csv", params: { siteIds: [site], ...january }, ...more });
  const ended = (id: number) =>
    eventually(async () => {
      const run = await call<Run>("get", { id });
      return run.state !== "QUEUED" && run.state !== "RUNNING" && run;
    }, 180_000);
  const files = async (): Promise<string[]> =>
    (await readdir(join(folder, "objects", "reports")).catch(() => [])).sort();

  test("a report is made, read as it was stored, and mailed with its file to those who were named", async () => {
    const { id } = await order({ to: ["manager@facility.example"], cc: ["copy@facility.example"] });
    const run = await ended(id);
    expect(run).toMatchObject({ state: "READY", rows: 1, fileName: "LISTOFTASKS__01-Jan-2026--01-Feb-2026.csv" });
    expect(run).not.toHaveProperty("objectKey");
    const chunks: Buffer[] = [];
    for await (const chunk of await call<Readable>("file", { id })) chunks.push(chunk as Buffer);
    const content = Buffer.concat(chunks);
    expect(content.toString()).toContain("Round");
    await eventually(async () => (await call<Run>("get", { id })).deliveries[0]?.state === "SENT");
    const { items } = await services.call<{ items: MailSummary[] }>("email.mailbox");
    expect(items).toHaveLength(1);
    const mail = await simpleParser(await readFile(join(folder, "mail", items[0]?.file ?? "")));
    expect(mail.subject).toBe("List of Tasks – 1–31 Jan 2026");
    expect(mail.attachments.map(({ filename, contentType }) => [filename, contentType])).toEqual([
      [run.fileName, "text/csv"],
    ]);
    expect(mail.attachments[0]?.content.equals(content)).toBe(true);
    expect(await readdir(join(folder, "reports-in-progress"))).toEqual([]);
  }, 400_000);

  test("one that failed has no file, and a retry makes it", async () => {
    const { id } = await order();
    await ended(id);
    await facility.database.query(
      'update report_run set state = \'FAILED\', error = \'{"code": "X", "message": "x"}\' where id = $1',
      [id],
    );
    await expect(call("file", { id })).rejects.toMatchObject({ code: "REPORT_NOT_READY" });
    await call("retry", { id });
    expect(await ended(id)).toMatchObject({ state: "READY", error: null });
    await expect(call("retry", { id })).rejects.toMatchObject({ code: "REPORT_NOT_READY" });
  }, 400_000);

  test("its dead letter requeued makes one that failed, and sends it; a run that has its file keeps it", async () => {
    clock.set("2026-02-02T00:00:00Z");
    await writeFile(join(folder, "objects"), "no folder");
    const { id, expiresAt } = await order({ to: ["manager@facility.example"] });
    expect(await ended(id)).toMatchObject({ state: "FAILED", error: { code: "OBJECT_NOT_FOUND" } });
    await rm(join(folder, "objects"));
    clock.set("2026-02-20T00:00:00Z");
    const letter = await eventually(async () => {
      const { items } = await services.runtime.deadLetters();
      return items.find(({ params }) => (params as { runId?: number }).runId === id);
    }, 120_000);
    const again = await services.runtime.requeueDeadLetter(letter.id);
    expect(await services.runtime.result(again.id, "60s")).toMatchObject({ state: "READY", rows: 1 });
    const run = await call<Run>("get", { id });
    expect(run).toMatchObject({ state: "READY", error: null, taskId: again.id });
    // Kept from then on for as long as it would have been.
    expect(Date.parse(run.expiresAt) - Date.parse(expiresAt)).toBeGreaterThanOrEqual(17 * 86_400_000);
    await eventually(async () => (await call<Run>("get", { id })).deliveries[0]?.state === "SENT", 120_000);
    const third = await services.runtime.retry(again.id);
    await services.runtime.result(third.id, "60s");
    expect(await call<Run>("get", { id })).toEqual({ ...run, deliveries: expect.anything() });
  }, 400_000);

  test("files go when their time is over, those that a mail still waits for stay", async () => {
    clock.set("2026-02-02T00:00:00Z");
    const first = await order();
    const waited = await order({ to: ["late@facility.example"] });
    await ended(first.id);
    await ended(waited.id);
    await eventually(async () => (await call<Run>("get", { id: waited.id })).deliveries[0]?.state === "SENT");
    await facility.database.query("update report_delivery set state = 'QUEUED'");
    expect(await files()).toHaveLength(2);
    clock.set("2026-02-08T00:00:00Z");
    expect(await cleanupReports.callAndWait(services.runtime, {})).toEqual({ deleted: 0 });
    clock.set("2026-02-09T00:00:01Z");
    expect(await cleanupReports.callAndWait(services.runtime, {})).toEqual({ deleted: 1 });
    expect(await files()).toHaveLength(1);
    expect(await call("get", { id: first.id })).toMatchObject({ state: "EXPIRED" });
    await expect(call("file", { id: first.id })).rejects.toMatchObject({ code: "REPORT_NOT_READY" });
    await call("retry", { id: first.id });
    expect(await ended(first.id)).toMatchObject({ state: "READY" });
  }, 400_000);

  test("what killed processes were drawing goes after a day", async () => {
    const drawn = join(folder, "reports-in-progress");
    await mkdir(drawn);
    for (const [name, ageHours] of [
      ["old.csv", 25],
      ["old.csv.part", 25],
      ["young.csv.part", 23],
    ] as const) {
      await writeFile(join(drawn, name), "half");
      const then = Date.now() / 1_000 - ageHours * 3_600;
      await utimes(join(drawn, name), then, then);
    }
    await cleanupReports.callAndWait(services.runtime, {});
    expect(await readdir(drawn)).toEqual(["young.csv.part"]);
  }, 400_000);

  test("a run whose task ended without a word is said to have failed by the sweep", async () => {
    const { id } = await order();
    await ended(id);
    await facility.database.query(
      "update report_run set state = 'RUNNING', created_at = now() - interval '10 minutes' where id = $1",
      [id],
    );
    await sendGeneratedReportOnMail.callAndWait(services.runtime, {});
    expect(await call("get", { id })).toMatchObject({ state: "FAILED", error: { code: "TASK_FAILED" } });
  }, 400_000);

  test("somebody of another client sees none of it, and cannot ask about the client's sites", async () => {
    const { id } = await order();
    await ended(id);
    const other = await facility.makeClient();
    for (const action of ["get", "file", "retry"]) {
      await expect(call(action, { id }, other)).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
    expect(await call("list", {}, other)).toEqual({ items: [], nextCursor: null });
    const foreign = await call<Run>(
      "create",
      { report: "LISTOFTASKS", format: "csv", params: { siteIds: [site], ...january } },
      other,
    );
    const refused = await eventually(async () => {
      const run = await call<Run>("get", { id: foreign.id }, other);
      return run.state === "FAILED" && run;
    });
    expect(refused.error).toMatchObject({ code: "PARAMS_INVALID" });
    const { items } = await services.call<{ items: Run[] }>("reports.list", {}, as(undefined));
    expect(items.map((run) => run.id)).toEqual([foreign.id, id]);
  }, 400_000);

  test("the catalogue says what each report needs, for machines", async () => {
    const { items } = await call<{ items: { key: string; params: { required?: string[]; properties: object } }[] }>(
      "catalogue",
      {},
    );
    expect(items).toHaveLength(26);
    const summary = items.find(({ key }) => key === "TASKSUMMARY");
    expect(summary?.params.required).toEqual(["siteIds", "from", "upto"]);
  });
});
