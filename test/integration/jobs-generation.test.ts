/** create_job on real databases: each slot once, whoever runs it and how often; what was touched stays; one bad job stops nobody. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { silentLog, VirtualClock } from "../../runtime/index.ts";
import { generateJob, spawnDynamicTour } from "../../services/jobs/generation.ts";
import { jobsToGenerate } from "../../services/jobs/generation-job-store.ts";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";

const NOW = Date.parse("2026-01-05T03:35:00Z"); // 09:05 in Kolkata
const HOUR_MS = 3_600_000;

describe.each(availableBackends().filter((name) => name !== "jetstream"))("generation on %s", (name) => {
  let facility: Facility;
  let parts: Parameters<typeof generateJob>[0];
  let site: number;

  beforeAll(async () => {
    facility = await openFacility(name);
    const runtime = facility.backend.runtime({ parts: { clock: new VirtualClock(NOW) } });
    parts = { database: facility.database, runtime, log: silentLog };
    site = await facility.makeSite({ timezone: "Asia/Kolkata" });
  }, 400_000);
  afterAll(() => facility.backend.close());

  interface Occurrence {
    id: number;
    scheduled_at: Date | null;
    plan_at: Date | null;
    expiry_at: Date | null;
    status: string;
    name: string;
    seqno: number;
  }
  const occurrences = (job: number) =>
    facility.all<Occurrence>(
      "select id::float8 as id, scheduled_at, plan_at, expiry_at, status, name, seqno from jobneed where job_id = $1 and parent_id is null order by scheduled_at",
      [job],
    );
  const checkpoints = (parent: number) =>
    facility.all<Occurrence>(
      "select id::float8 as id, plan_at, expiry_at, status, name, seqno from jobneed where parent_id = $1 order by seqno",
      [parent],
    );
  const details = async (jobneed: number) =>
    (
      await facility.one<{ n: number }>("select count(*)::integer as n from jobneed_detail where jobneed_id = $1", [
        jobneed,
      ])
    ).n;

  test("the worked example, with its checklist copied line by line", async () => {
    const checklist = await facility.makeChecklist(site, 4);
    const job = await facility.makeJob(site, { cron: "0 */4 * * *", question_set_id: checklist });
    const made = await generateJob(parts, job, NOW);
    expect(made).toMatchObject({ occurrences: 12, details: 48, missed: 0, withdrawn: 0 });
    const rows = await occurrences(job);
    expect(rows[0]?.plan_at?.toISOString()).toBe("2026-01-05T06:20:00.000Z");
    expect(rows[0]?.expiry_at?.toISOString()).toBe("2026-01-05T07:15:00.000Z");
    expect(await details(rows[0]?.id ?? 0)).toBe(4);
    const again = await generateJob(parts, job, NOW + 8 * HOUR_MS);
    expect(again).toMatchObject({ occurrences: 2, details: 8 });
  });

  test("twice, and many times at once, makes nothing twice", async () => {
    const job = await facility.makeJob(site, {
      cron: "0 * * * *",
      question_set_id: await facility.makeChecklist(site, 2),
    });
    const made = await Promise.all(Array.from({ length: 8 }, () => generateJob(parts, job, NOW)));
    expect(made.reduce((sum, { occurrences: count }) => sum + count, 0)).toBe(48);
    expect(await generateJob(parts, job, NOW)).toMatchObject({ occurrences: 0, details: 0 });
    // Even where the mark is lost, the slot decides.
    await facility.database.query("update job set generated_until = null, generated_version = null where id = $1", [
      job,
    ]);
    expect(await generateJob(parts, job, NOW)).toMatchObject({ occurrences: 0, details: 0 });
    expect(await occurrences(job)).toHaveLength(48);
  });

  test("a tour: checkpoints one after the other, the parent's end is the last one's", async () => {
    const tour = await facility.makeJob(site, {
      ...{ cron: "0 22 * * *", identifier: "INTERNALTOUR", grace_time: 5, plan_duration: 20, expiry_time: 0 },
    });
    const checklist = await facility.makeChecklist(site, 3);
    for (const [seqno, travel] of [0, 5, 10].entries()) {
      const asset_id = await facility.makeAsset(site, { name: `Gate ${seqno}`, identifier: "CHECKPOINT" });
      await facility.makeCheckpoint(tour, seqno, {
        name: `Check ${seqno}`,
        asset_id,
        expiry_time: travel,
        question_set_id: checklist,
      });
    }
    const made = await generateJob(parts, tour, NOW);
    expect(made).toMatchObject({ occurrences: 2, checkpoints: 6, details: 18 });
    const [first] = await occurrences(tour);
    expect(first?.plan_at?.toISOString()).toBe("2026-01-05T16:25:00.000Z"); // 21:55 in Kolkata
    expect(first?.expiry_at?.toISOString()).toBe("2026-01-05T17:55:00.000Z"); // 23:25
    const stops = await checkpoints(first?.id ?? 0);
    expect(stops.map(({ name: stop }) => stop)).toEqual([0, 1, 2].map((n) => `Gate ${n} - Check ${n}`));
    expect(stops[2]?.plan_at?.toISOString()).toBe("2026-01-05T17:30:00.000Z");
    expect(await details(first?.id ?? 0)).toBe(0);
  });

  test("an edit makes the untouched future anew; what somebody has begun stays, and its slot is not made twice", async () => {
    const job = await facility.makeJob(site, { cron: "0 */4 * * *" });
    await generateJob(parts, job, NOW);
    const before = await occurrences(job);
    const touched = before.slice(0, 2);
    await facility.database.query("update jobneed set status = 'INPROGRESS', started_at = now() where id = $1", [
      touched[0]?.id ?? 0,
    ]);
    await facility.database.query("update jobneed set status = 'COMPLETED' where id = $1", [touched[1]?.id ?? 0]);
    await facility.database.query("update job set cron = '0 */2 * * *', version = version + 1 where id = $1", [job]);
    const made = await generateJob(parts, job, NOW);
    expect(made).toMatchObject({ withdrawn: 10, occurrences: 22 });
    const after = await occurrences(job);
    expect(after).toHaveLength(24);
    expect(new Set(after.map(({ scheduled_at }) => scheduled_at?.getTime())).size).toBe(24);
    expect(
      after
        .filter(({ id }) => touched.some((row) => row.id === id))
        .map(({ status }) => status)
        .sort(),
    ).toEqual(["COMPLETED", "INPROGRESS"]);
    const buried = await facility.one<{ n: number }>(
      "select count(*)::integer as n from deleted_row where table_name = 'jobneed'",
    );
    expect(buried.n).toBeGreaterThanOrEqual(10);
    expect(await generateJob(parts, job, NOW)).toMatchObject({ withdrawn: 0, occurrences: 0 });
  });

  test("nobody generated for days: what passed is written down", async () => {
    const job = await facility.makeJob(site, { cron: "0 8 * * *" });
    await generateJob(parts, job, NOW);
    const made = await generateJob(parts, job, NOW + 6 * 24 * HOUR_MS);
    expect(made).toMatchObject({ occurrences: 2, missed: 4 });
    const miss = await facility.one("select slots, reason from job_miss where job_id = $1", [job]);
    expect(miss).toEqual({ slots: 4, reason: "late" });
  });

  test("what is not due gets nothing: disabled, over, scrapped, every minute, checkpoints, dynamic tours", async () => {
    const scrapped = await facility.makeAsset(site, { running_status: "SCRAPPED" });
    const none = await Promise.all([
      facility.makeJob(site, { enabled: false }),
      facility.makeJob(site, { valid_to: "2026-01-01T00:00:00Z" }),
      facility.makeJob(site, { asset_id: scrapped }),
      facility.makeJob(site, { cron: "* * * * *" }),
      facility.makeJob(site, { cron: null }),
      facility.makeJob(site, { identifier: "INTERNALTOUR", is_dynamic: true }),
    ]);
    for (const job of none) expect(await generateJob(parts, job, NOW)).toMatchObject({ occurrences: 0 });
    const filter = { now: NOW, afterId: 0, limit: 1_000 };
    const ppm = await facility.makeJob(site, { identifier: "PPM", valid_to: "2026-01-15T00:00:00Z" });
    expect(await jobsToGenerate(facility.database, { ...filter, isPpm: false, ids: [...none, ppm] })).toEqual([]);
    expect(await jobsToGenerate(facility.database, { ...filter, isPpm: true, ids: undefined })).toEqual([
      expect.objectContaining({ id: ppm, siteId: site, clientId: await facility.clientOf(site) }),
    ]);
  });

  test("planned maintenance: its whole validity, and a reminder for each row of its matrix, once", async () => {
    const job = await facility.makeJob(site, {
      identifier: "PPM",
      cron: "0 8 * * 1",
      valid_to: "2026-03-01T00:00:00Z",
    });
    const matrix = { client_id: await facility.clientOf(site), job_id: job };
    await facility.makeMatrix({ ...matrix, level: 1, frequency: "DAY", frequency_value: 1 });
    await facility.makeMatrix({ ...matrix, level: 2, frequency: "HOUR", frequency_value: 2 });
    const made = await generateJob(parts, job, NOW);
    expect(made).toMatchObject({ occurrences: 7, reminders: 14 });
    expect(await generateJob(parts, job, NOW)).toMatchObject({ occurrences: 0, reminders: 0 });
    const { remind_at } = await facility.one<{ remind_at: Date }>(
      "select min(remind_at) as remind_at from reminder where job_id = $1",
      [job],
    );
    expect(remind_at.toISOString()).toBe("2026-01-11T02:20:00.000Z"); // a day before 12 January, 07:50 in Kolkata

    // Rows of the matrix that come, or change, after the occurrences were made.
    await facility.makeMatrix({ ...matrix, level: 3, frequency: "MINUTE", frequency_value: 5 });
    await facility.database.query("update escalation_matrix set frequency_value = 3 where job_id = $1 and level = 2", [
      job,
    ]);
    await facility.database.query(
      "update reminder set status = 'SUCCESS' where job_id = $1 and remind_at = (select min(remind_at) from reminder where job_id = $1 and plan_at - remind_at < interval '3 hours')",
      [job],
    );
    expect(await generateJob(parts, job, NOW)).toMatchObject({ occurrences: 0, reminders: 7 + 6 });
    expect(await generateJob(parts, job, NOW)).toMatchObject({ reminders: 0 });
  });

  test("a job that is switched off: its untouched work goes, and no slot of that time is told as missed", async () => {
    const job = await facility.makeJob(site, { cron: "0 */4 * * *" });
    await generateJob(parts, job, NOW);
    const [, begun] = await occurrences(job);
    await facility.database.query("update jobneed set started_at = now() where id = $1", [begun?.id ?? 0]);
    await facility.database.query("update job set enabled = false where id = $1", [job]);
    expect(await generateJob(parts, job, NOW)).toMatchObject({ occurrences: 0, withdrawn: 11, missed: 0 });
    expect((await occurrences(job)).map(({ id }) => id)).toEqual([begun?.id]);
    expect(await generateJob(parts, job, NOW)).toMatchObject({ withdrawn: 0 });
    await facility.database.query("update job set enabled = true where id = $1", [job]);
    expect(await generateJob(parts, job, NOW)).toMatchObject({ occurrences: 11, missed: 0 });
    await facility.database.query("update job set enabled = false where id = $1", [job]);
    await generateJob(parts, job, NOW);
    await facility.database.query("update job set enabled = true where id = $1", [job]);
    expect(await generateJob(parts, job, NOW + 9 * 24 * HOUR_MS)).toMatchObject({ occurrences: 12, missed: 0 });
  });

  test("the validity ended while nobody generated: its last slots are told as missed, once", async () => {
    const job = await facility.makeJob(site, { cron: "0 8 * * *", valid_to: "2026-01-10T00:00:00Z" });
    await generateJob(parts, job, NOW);
    const late = NOW + 30 * 24 * HOUR_MS;
    expect(await generateJob(parts, job, late)).toMatchObject({ occurrences: 0, withdrawn: 0, missed: 2 });
    expect(await generateJob(parts, job, late)).toMatchObject({ missed: 0 });
  });

  test("a site that moves to another zone moves its untouched work", async () => {
    const moving = await facility.makeSite({ timezone: "Asia/Kolkata" });
    const job = await facility.makeJob(moving, { cron: "0 8 * * *" });
    await generateJob(parts, job, NOW);
    await facility.database.query("update site set timezone = 'America/New_York' where id = $1", [moving]);
    expect(await generateJob(parts, job, NOW)).toMatchObject({ withdrawn: 2, occurrences: 2 });
    const slots = (await occurrences(job)).map(({ scheduled_at }) => scheduled_at?.toISOString());
    expect(slots).toEqual(["2026-01-05T13:00:00.000Z", "2026-01-06T13:00:00.000Z"]);
    expect(await generateJob(parts, job, NOW)).toMatchObject({ withdrawn: 0, occurrences: 0 });
  });

  test("what is touched, in a tour and on a checklist: a checkpoint, an answer", async () => {
    const tour = await facility.makeJob(site, { cron: "0 */12 * * *", identifier: "INTERNALTOUR" });
    const checklist = await facility.makeChecklist(site, 2);
    for (const seqno of [0, 1]) {
      await facility.makeCheckpoint(tour, seqno, { name: `Stop ${seqno}`, question_set_id: checklist });
    }
    await generateJob(parts, tour, NOW);
    const [visited, answered, ...untouched] = await occurrences(tour);
    const [, stop] = await checkpoints(visited?.id ?? 0);
    const [other] = await checkpoints(answered?.id ?? 0);
    await facility.database.query("update jobneed set status = 'COMPLETED' where id = $1", [stop?.id ?? 0]);
    await facility.database.query("update jobneed_detail set answer = '5' where jobneed_id = $1 and seqno = 1", [
      other?.id ?? 0,
    ]);
    await facility.makeCheckpoint(tour, 2, { name: "Stop 2" });
    await facility.database.query("update job set version = version + 1 where id = $1", [tour]);
    expect(await generateJob(parts, tour, NOW)).toMatchObject({
      withdrawn: untouched.length,
      occurrences: untouched.length,
      checkpoints: 3 * untouched.length,
    });
    const sizes = await Promise.all((await occurrences(tour)).map(async ({ id }) => (await checkpoints(id)).length));
    expect(sizes).toEqual([2, 2, 3, 3]);
  });

  test("running is no change of the definition: phones do not get the job again", async () => {
    const job = await facility.makeJob(site);
    const marks = () => facility.one("select updated_at, changed_in::text as changed from job where id = $1", [job]);
    const before = await marks();
    await generateJob(parts, job, NOW);
    expect(await marks()).toEqual(before);
    await facility.database.query("update job set name = 'Another' where id = $1", [job]);
    expect(await marks()).not.toEqual(before);
  });

  test("a route that fails stops no tour; the order of its numbers is told", async () => {
    const tour = await facility.makeJob(site, {
      ...{ cron: "0 22 * * *", identifier: "EXTERNALTOUR", is_randomized: true },
      site_group_id: await facility.makeGroup(site, { kind: "SITEGROUP", name: "North" }),
    });
    const client_id = await facility.clientOf(site);
    for (const seqno of [0, 1, 2]) {
      const branch = await facility.makeSite({ client_id, name: `Branch ${seqno}`, sol_id: `S-${seqno}` });
      await facility.makeCheckpoint(tour, seqno, { site_id: branch });
    }
    const routes = { optimise: () => Promise.reject(new Error("no quota")) };
    const made = await generateJob({ ...parts, routes }, tour, NOW);
    expect(made).toMatchObject({ occurrences: 2, checkpoints: 6, unrouted: 2 });
    const [first] = await occurrences(tour);
    expect((await checkpoints(first?.id ?? 0)).map(({ name: stop }) => stop)).toEqual([
      "North - S-0 - Branch 0",
      "North - S-1 - Branch 1",
      "North - S-2 - Branch 2",
    ]);
  });

  test("a dynamic tour: one open round at a time, without deadlines", async () => {
    const tour = await facility.makeJob(site, { identifier: "INTERNALTOUR", is_dynamic: true, cron: null });
    for (const seqno of [0, 1]) await facility.makeCheckpoint(tour, seqno, { name: `Stop ${seqno}` });
    const spawn = () => facility.database.transaction((tx) => spawnDynamicTour(tx, tour));
    expect(await spawn()).toMatchObject({ occurrences: 1, checkpoints: 2 });
    expect(await spawn()).toMatchObject({ occurrences: 0 });
    const [round] = await occurrences(tour);
    expect(round).toMatchObject({ plan_at: null, expiry_at: null, status: "ASSIGNED" });
    await facility.database.query("update jobneed set status = 'COMPLETED' where id = $1", [round?.id ?? 0]);
    expect(await spawn()).toMatchObject({ occurrences: 1 });
  });
});
