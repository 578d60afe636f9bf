/** The clean-up: old rows go in batches, rows of a tour that is under way stay, a stop in between loses nothing. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { cleanUp, OLD_TRACKING } from "../../services/maintenance/cleanup.ts";
import { maintenanceModule } from "../../services/maintenance/index.ts";
import { cleanupOldRecords } from "../../services/maintenance/tasks.ts";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type RunningServices, startServices } from "../support/services.ts";

const DAY_MS = 86_400_000;

describe.each(availableBackends().filter((name) => name !== "jetstream"))("clean-up on %s", (backend) => {
  let facility: Facility;
  let services: RunningServices;
  beforeAll(async () => {
    facility = await openFacility(backend);
    services = await startServices(facility.backend, { modules: [maintenanceModule] });
  }, 400_000);
  beforeEach(() => facility.database.query("truncate tracking, deleted_row, facility_import cascade"));
  afterAll(async () => {
    await services.stop();
    await facility.backend.close();
  }, 400_000);

  const points = (count: number, daysAgo: number, reference: string | null = null) =>
    facility.database.query(
      `insert into tracking (uuid, device_id, reference, latitude, longitude, at, received_at)
       select gen_random_uuid(), 'phone', $3::uuid, 1, 1, now(), now() - $2::integer * interval '1 day' - n * interval '1 second'
       from generate_series(1, $1::integer) n`,
      [count, daysAgo, reference],
    );
  const left = async () => (await facility.one<{ n: number }>("select count(*)::integer as n from tracking")).n;
  const tour = async (status: string) => {
    const id = await facility.makeJobneed(await facility.makeSite(), { identifier: "INTERNALTOUR", status });
    return (await facility.one<{ uuid: string }>("select uuid from jobneed where id = $1", [id])).uuid;
  };

  test("points older than 90 days go; younger ones, and those of an unfinished tour, stay", async () => {
    await points(12_000, 91);
    await points(10, 89);
    await points(7, 200, await tour("INPROGRESS"));
    await points(5, 200, await tour("COMPLETED"));
    expect(await cleanupOldRecords.callAndWait(services.runtime, {}, { timeout: "150s" })).toMatchObject({
      tracking: 12_005,
    });
    expect(await left()).toBe(17);
    expect(await cleanupOldRecords.callAndWait(services.runtime, {}, { timeout: "150s" })).toMatchObject({
      tracking: 0,
    });
  }, 400_000);

  test("stopped between two batches, it has deleted whole batches, and the next run does the rest", async () => {
    await points(12_000, 100);
    const stop = new AbortController();
    const before = Date.now() - 90 * DAY_MS;
    const stopped = cleanUp(facility.database, OLD_TRACKING, before, {
      signal: stop.signal,
      onBatch: () => stop.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(await left()).toBe(7_000);
    expect(await cleanUp(facility.database, OLD_TRACKING, before)).toBe(7_000);
  }, 400_000);

  test("two at once delete each row once, and get in nobody's way", async () => {
    await points(20_000, 100);
    const before = Date.now() - 90 * DAY_MS;
    const counts = await Promise.all([1, 2].map(() => cleanUp(facility.database, OLD_TRACKING, before)));
    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(20_000);
    expect(await left()).toBe(0);
  }, 400_000);

  test("messages of phones go with their answers after 30 days, and never before they were run", async () => {
    const siteId = await facility.makeSite();
    const personId = await facility.makePerson(siteId);
    await facility.database.query(
      `insert into mobile_message (client_id, person_id, key, via, document, variables, task_id, state, received_at)
       select $1::bigint, $2::bigint, state || age, 'rest', '', '{}', gen_random_uuid(), state, now() - age * interval '1 day'
       from unnest(array['PENDING', 'SUCCESS', 'FAILURE']) state, unnest(array[29, 31]) age`,
      [await facility.clientOf(siteId), personId],
    );
    expect(await cleanupOldRecords.callAndWait(services.runtime, {}, { timeout: "150s" })).toMatchObject({
      messages: 2,
    });
    const kept = await facility.all<{ key: string }>("select key from mobile_message order by key");
    expect(kept.map(({ key }) => key)).toEqual(["FAILURE29", "PENDING29", "PENDING31", "SUCCESS29"]);
  }, 400_000);

  test("notes of deleted rows and imports go after their days", async () => {
    await facility.database.query(
      `insert into deleted_row (table_name, uuid, deleted_at)
       values ('jobneed', gen_random_uuid(), now() - interval '500 days'), ('jobneed', gen_random_uuid(), now())`,
    );
    await facility.database.query(
      `insert into mqtt_outbox (entity, entity_uuid, operation, created_at)
       values ('asset', gen_random_uuid(), 'UPDATE', now() - interval '8 days'), ('asset', gen_random_uuid(), 'UPDATE', now())`,
    );
    await facility.database.query(
      "insert into facility_import (created_by, created_at) values ('a', now() - interval '8 days'), ('b', now())",
    );
    expect(await cleanupOldRecords.callAndWait(services.runtime, {}, { timeout: "150s" })).toEqual({
      tracking: 0,
      deletedRows: 1,
      imports: 1,
      messages: 0,
      changes: 1,
    });
    await expect(cleanupOldRecords.enqueue(services.runtime, { trackingDays: 0 })).rejects.toMatchObject({
      code: "PARAMS_INVALID",
    });
  }, 400_000);
});
