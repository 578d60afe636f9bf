/** create_job and create_ppm_job as tasks: whole facilities, jobs by id, jobs that fail, what is told, and being stopped. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { TaskRunContext } from "../../runtime/moleculer/index.ts";
import { generateJob } from "../../services/jobs/generation.ts";
import { generationTasks } from "../../services/jobs/generation-tasks.ts";
import type { RouteService } from "../../services/jobs/route.ts";
import { createJob, createPpmJob } from "../../services/jobs/tasks.ts";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type RunningServices, startServices } from "../support/services.ts";
import { SetClock } from "../support/sweeps.ts";
import { hearInto, type Told } from "../support/told.ts";

const NOW = "2026-01-05T03:35:00Z";
const STORES = availableBackends().filter((name) => name !== "jetstream");

interface Result {
  jobs: number;
  occurrences: number;
  checkpoints: number;
  details: number;
  missed: number;
  withdrawn: number;
  unrouted: number;
  notDue: { jobId: number; reason: string }[];
  failed: { jobId: number; code: string; message: string }[];
}

describe.each(STORES)("create_job as a task on %s", (name) => {
  let facility: Facility;
  let services: RunningServices;
  let clock: SetClock;
  let told: Told[];
  let site: number;
  /** Called before each route that is asked for. */
  let onRoute: () => void = () => {};

  beforeAll(async () => {
    facility = await openFacility(name);
  }, 400_000);
  beforeEach(async () => {
    await facility.database.query("truncate task, jobneed, job, escalation_matrix cascade");
    site = await facility.makeSite({ timezone: "Asia/Kolkata" });
    told = [];
    clock = new SetClock();
    clock.set(NOW);
    const routes: RouteService = {
      async optimise(stops) {
        onRoute();
        return [...stops];
      },
    };
    services = await startServices(facility.backend, {
      modules: [
        {
          name: "jobs",
          tasks: [createJob, createPpmJob],
          create: (parts) => ({
            name: "jobs",
            tasks: generationTasks({ ...parts, routes }, hearInto(told)),
          }),
        },
      ],
      runtime: { queues: [], parts: { clock } },
    });
  });
  afterEach(async () => {
    onRoute = () => {};
    await facility.backend.reset();
    await services.stop();
  });
  afterAll(() => facility.backend.close());

  const run = (params: { jobIds?: number[] } = {}) => services.call<Result>("jobs.createJob", params);
  const runPpm = (params: { jobIds?: number[] } = {}) => services.call<Result>("jobs.createPpmJob", params);
  const count = async () =>
    (await facility.one<{ n: number }>("select count(*)::integer as n from jobneed where parent_id is null")).n;

  test("every due job once; planned maintenance in its own task; one event for each job that got work", async () => {
    const question_set_id = await facility.makeChecklist(site, 2);
    const jobs: number[] = [];
    for (let n = 0; n < 5; n += 1) jobs.push(await facility.makeJob(site, { cron: "0 */4 * * *", question_set_id }));
    await facility.makeJob(site, { identifier: "PPM", cron: "0 8 * * 1", valid_to: "2026-02-01T00:00:00Z" });
    await facility.makeJob(site, { enabled: false });
    expect(await run()).toMatchObject({ jobs: 5, occurrences: 60, details: 120, failed: [], notDue: [] });
    expect(await run()).toMatchObject({ jobs: 5, occurrences: 0, details: 0 });
    expect(await runPpm()).toMatchObject({ jobs: 1, occurrences: 3 });
    expect(told).toHaveLength(6);
    const uuids = await facility.one<{ uuid: string }>("select uuid from job where id = $1", [jobs[0] ?? 0]);
    expect(told.find(({ payload }) => payload.jobId === jobs[0])).toMatchObject({
      event: "jobneed.created",
      payload: { ...uuids, clientId: await facility.clientOf(site), siteId: site, occurrences: 12, details: 24 },
    });
    expect(told[0]?.payload.ids).toHaveLength(12);
  });

  test("jobs that fail stop nobody, leave nothing behind, and are named", async () => {
    const good = await facility.makeJob(site, { cron: "0 8 * * *" });
    const cron = await facility.makeJob(site, { cron: "61 8 * * *" });
    const nowhere = await facility.makeSite({ timezone: "Mars/Olympus" });
    const zone = await facility.makeJob(nowhere, { cron: "0 8 * * *" });
    // Something goes wrong late: when the checkpoints of a tour are written.
    const tour = await facility.makeJob(site, { cron: "0 22 * * *", identifier: "INTERNALTOUR", grace_time: 5 });
    const question_set_id = await facility.makeChecklist(site, 1);
    await facility.database.query("update question_set_member set answer_type = 'BOOM' where question_set_id = $1", [
      question_set_id,
    ]);
    await facility.makeCheckpoint(tour, 0, { question_set_id });
    await facility.database.query("alter table jobneed_detail add constraint boom check (answer_type <> 'BOOM')");
    const last = await facility.makeJob(site, { cron: "0 9 * * *" });
    const result = await run();
    await facility.database.query("alter table jobneed_detail drop constraint boom");
    expect(result).toMatchObject({ jobs: 5, occurrences: 4, checkpoints: 0 });
    expect(new Map(result.failed.map(({ jobId, code }) => [jobId, code]))).toEqual(
      new Map([
        [cron, "CRON_INVALID"],
        [zone, "ZONE_UNKNOWN"],
        [tour, "23514"],
      ]),
    );
    const rows = await facility.all<{ job_id: number }>("select distinct job_id::float8 as job_id from jobneed");
    expect(rows.map(({ job_id }) => job_id).toSorted((a, b) => a - b)).toEqual([good, last]);
    expect(told.filter(({ event }) => event === "job.failed").map(({ payload }) => payload.siteId)).toEqual(
      expect.arrayContaining([site, nowhere]),
    );
    // Repaired, the tour gets what it did not get.
    expect(await run()).toMatchObject({ occurrences: 2, checkpoints: 2 });
  });

  test("jobs by id: the rules hold, and those that get nothing are named with the reason", async () => {
    const due = await facility.makeJob(site);
    const tour = await facility.makeJob(site, { identifier: "INTERNALTOUR", cron: "0 22 * * *" });
    const scrapped = await facility.makeAsset(site, { running_status: "SCRAPPED" });
    const others = {
      disabled: await facility.makeJob(site, { enabled: false }),
      over: await facility.makeJob(site, { valid_to: "2026-01-01T00:00:00Z" }),
      dynamic: await facility.makeJob(site, { identifier: "INTERNALTOUR", is_dynamic: true }),
      unscheduled: await facility.makeJob(site, { cron: null }),
      scrapped: await facility.makeJob(site, { asset_id: scrapped }),
      "other task": await facility.makeJob(site, { identifier: "PPM" }),
      checkpoint: await facility.makeCheckpoint(tour, 0),
      unknown: 987_654,
    };
    await facility.makeJob(site);
    const result = await run({ jobIds: [due, ...Object.values(others)] });
    expect(result).toMatchObject({ jobs: 1, occurrences: 2 });
    expect(Object.fromEntries(result.notDue.map(({ jobId, reason }) => [reason, jobId]))).toEqual(others);
    expect(await count()).toBe(2);
  });

  test("two runs at once share the work", async () => {
    for (let n = 0; n < 12; n += 1) await facility.makeJob(site, { cron: "0 */4 * * *" });
    const results = await Promise.all([run(), run(), runPpm()]);
    expect(results.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(144);
    expect(await count()).toBe(144);
  });

  test("a run that is stopped keeps what it has done, begins nothing more, and the next one does the rest", async () => {
    for (let n = 0; n < 30; n += 1) {
      const tour = await facility.makeJob(site, {
        ...{ cron: "0 22 * * *", identifier: "INTERNALTOUR", is_randomized: true },
      });
      for (const seqno of [0, 1]) await facility.makeCheckpoint(tour, seqno);
    }
    const limit = new AbortController();
    let routes = 0;
    onRoute = () => {
      routes += 1;
      if (routes === 8) limit.abort(new Error("the soft limit"));
    };
    const parts = { database: facility.database, runtime: services.runtime, log: { info() {}, warn() {}, error() {} } };
    const tasks = generationTasks(
      {
        ...parts,
        routes: {
          async optimise(stops) {
            onRoute();
            return [...stops];
          },
        },
      },
      () => {},
    );
    const task = { signal: limit.signal, progress() {} };
    const ctx = { params: {}, locals: { task } } as unknown as TaskRunContext<Record<string, never>>;
    const { createJob: definition } = tasks as Record<string, { handler(ctx: unknown): Promise<Result> }>;
    await expect(definition?.handler(ctx)).rejects.toThrow("the soft limit");
    const done = await count();
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(20);
    // Nothing goes on behind its back.
    await generateJob(parts, 0, clock.now());
    expect(await count()).toBe(done);
    const rest = await run();
    expect(rest).toMatchObject({ jobs: 30, failed: [] });
    expect(rest.occurrences + done).toBe(60);
  });
});
