/** Delta sync: a phone that asks again and again has in the end every row, whatever order transactions commit in. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { SyncAnswer, SyncRequest } from "../../services/facility/sync.ts";
import { SYNC_NAMES, SYNC_TABLES, type SyncName } from "../../services/facility/sync-tables.ts";
import { availableBackends, eventually } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type FacilityServices, startFacility } from "../support/facility-services.ts";

type Asked = Partial<SyncRequest> & { readonly table: SyncName };

/** A phone's copy of a table. */
class Phone {
  readonly rows = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #ask: (modifiedAfter: string | undefined) => Promise<SyncAnswer>;
  readonly #settled: () => Promise<void>;
  #modifiedAfter: string | undefined;

  constructor(
    settled: () => Promise<void>,
    ask: (modifiedAfter: string | undefined) => Promise<SyncAnswer>,
    modifiedAfter?: string,
  ) {
    this.#settled = settled;
    this.#ask = ask;
    this.#modifiedAfter = modifiedAfter;
  }

  async sync(): Promise<number> {
    await this.#settled();
    return this.syncAtOnce();
  }

  /** Asks until there is no more; how many rows and deletions came. */
  async syncAtOnce(): Promise<number> {
    let told = 0;
    for (;;) {
      const answer = await this.#ask(this.#modifiedAfter);
      for (const row of answer.items) this.rows.set(String(row.uuid), row);
      for (const uuid of answer.deleted) this.rows.delete(uuid);
      told += answer.items.length + answer.deleted.length;
      this.#modifiedAfter = answer.modifiedAfter;
      if (!answer.hasMore) return told;
    }
  }
}

/** A transaction that waits before its commit until it is told to. */
function held(facility: Facility, text: string, parameters: (string | number)[]) {
  let commit = () => {};
  let written = () => {};
  const mayCommit = new Promise<void>((resolve) => {
    commit = resolve;
  });
  const hasWritten = new Promise<void>((resolve) => {
    written = resolve;
  });
  const done = facility.database.transaction(async (tx) => {
    await tx.query(text, parameters);
    written();
    await mayCommit;
  });
  return {
    hasWritten,
    async commit() {
      commit();
      await done;
    },
  };
}

describe.each(availableBackends().filter((name) => name !== "jetstream"))("delta sync on %s", (name) => {
  let facility: Facility;
  let services: FacilityServices;
  let siteId: number;
  let clientId: number;

  beforeAll(async () => {
    facility = await openFacility(name);
  }, 400_000);
  beforeEach(async () => {
    services = await startFacility(facility.backend);
    siteId = await facility.makeSite({ timezone: "Asia/Kolkata" });
    clientId = await facility.clientOf(siteId);
  });
  afterEach(async () => {
    await facility.backend.reset();
    await services.stop();
  });
  afterAll(() => facility.backend.close());

  const sync = (params: Asked): Promise<SyncAnswer> => services.as(clientId, "facility.sync", params);
  /** `sync` of what is committed now; `syncAtOnce` of what can be read at this moment. */
  const phone = (params: Asked, modifiedAfter?: string) =>
    new Phone(
      settled,
      (after) => sync({ ...params, ...(after === undefined ? {} : { modifiedAfter: after }) }),
      modifiedAfter,
    );
  /**
   * Until no transaction of before is open anywhere in the cluster, whose databases the test files share: then what has
   * been committed can be read.
   */
  async function settled(): Promise<void> {
    const { xid } = await facility.one<{ xid: string }>("select pg_current_xact_id()::text as xid");
    await eventually(async () => {
      const isPast = "select pg_snapshot_xmin(pg_current_snapshot()) > $1::text::xid8 as past";
      return (await facility.one<{ past: boolean }>(isPast, [xid])).past;
    }, 180_000);
  }
  const INSERT = "insert into location (client_id, site_id, code, name) values ($1, $2, $3, 'x')";

  test("every table can be synced: its rows come once, with fields in camelCase, and again when they change", async () => {
    const set = await facility.makeChecklist(siteId, 2);
    const group = await facility.makeGroup(siteId);
    await facility.addMember(group, { personId: await facility.makePerson(siteId) });
    await facility.makeAsset(siteId);
    const jobId = await facility.makeJob(siteId);
    const jobneed = await facility.makeJobneed(siteId, {
      job_id: jobId,
      question_set_id: set,
      plan_at: "2026-01-05T06:20:00Z",
    });
    await facility.makeTicket(siteId);
    const own = [clientId, siteId];
    await facility.database.query(INSERT, [...own, "L1"]);
    await facility.database.query(
      "insert into shift (client_id, site_id, name, starts_at, ends_at) values ($1, $2, 's', '06:00', '14:00')",
      own,
    );
    await facility.database.query("insert into jobneed_detail (client_id, jobneed_id, seqno) values ($1, $2, 1)", [
      clientId,
      jobneed,
    ]);
    await facility.database.query(
      "insert into attachment (client_id, site_id, owner_table, owner_uuid, file_name, path) values ($1, $2, 'ticket', gen_random_uuid(), 'a.jpg', 'a.jpg')",
      own,
    );
    await facility.database.query("insert into vendor (client_id, code, name) values ($1, 'V', 'v')", [clientId]);
    await facility.database.query("insert into approver (client_id, person_id) values ($1, $2)", [
      clientId,
      await facility.makePerson(siteId),
    ]);
    await facility.database.query("insert into work_order (client_id, site_id) values ($1, $2)", own);
    await facility.database.query(
      "insert into work_order_detail (client_id, work_order_id, seqno) select client_id, id, 1 from work_order where client_id = $1",
      [clientId],
    );
    for (const table of SYNC_NAMES) {
      const copy = phone({ table });
      expect([table, await copy.sync()]).toEqual([table, expect.any(Number)]);
      expect([table, copy.rows.size]).not.toEqual([table, 0]);
      expect(await copy.sync()).toBe(0);
      const [row] = [...copy.rows.values()].filter((one) => one.clientId === clientId || table === "typeAssist");
      const { table: kept } = SYNC_TABLES[table];
      await facility.database.query(`update ${kept} set client_id = client_id where id = $1`, [row?.id as number]);
      expect([table, await copy.sync()]).toEqual([table, 1]);
    }
    const { items } = await sync({ table: "jobneeds" });
    expect(items).toMatchObject([
      { jobId, siteId, planAt: "2026-01-05T06:20:00.000Z", status: "ASSIGNED", isDynamic: false },
    ]);
  });

  test("pages of any size come to the same", async () => {
    await facility.database.transaction(async (tx) => {
      for (let i = 0; i < 11; i += 1) await tx.query(INSERT, [clientId, siteId, `one transaction ${i}`]);
    });
    for (let i = 0; i < 6; i += 1) await facility.database.query(INSERT, [clientId, siteId, `one each ${i}`]);
    for (const limit of [1, 2, 3, 5, 16, 17, 18, 100]) {
      const copy = phone({ table: "locations", limit });
      expect(await copy.sync()).toBe(17);
      expect(copy.rows.size).toBe(17);
      expect(await copy.sync()).toBe(0);
    }
  });

  test("rows that are gone are told by their uuid, also when they come and go between two syncs", async () => {
    const group = await facility.makeGroup(siteId);
    const people = await Promise.all([1, 2, 3].map(() => facility.makePerson(siteId)));
    for (const personId of people) await facility.addMember(group, { personId });
    for (const limit of [1, 2, 100]) {
      const copy = phone({ table: "groupMembers", limit });
      await copy.sync();
      expect(copy.rows.size).toBe(3);
      const [gone] = [...copy.rows.values()];
      await facility.database.query("delete from group_member where id = $1", [gone?.id as number]);
      const again = await facility.addMember(group, { personId: gone?.personId as number });
      await facility.database.query("delete from group_member where id = $1", [again]);
      await facility.addMember(group, { personId: gone?.personId as number });
      await copy.sync();
      const kept = await facility.all<{ uuid: string }>("select uuid from group_member where group_id = $1", [group]);
      expect([...copy.rows.keys()].sort()).toEqual(kept.map(({ uuid }) => uuid).sort());
    }
    expect((await sync({ table: "groupMembers" })).deleted).toEqual([]);
  });

  test("a checkpoint that was taken out of a tour is told", async () => {
    const jobId = await facility.makeJob(siteId, { identifier: "INTERNALTOUR" });
    await facility.makeCheckpoint(jobId, 1);
    const copy = phone({ table: "jobs" });
    await copy.sync();
    expect(copy.rows.size).toBe(2);
    await services.as(clientId, "jobs.change", { id: jobId, checkpoints: [] });
    await copy.sync();
    expect([...copy.rows.values()].map(({ id }) => id)).toEqual([jobId]);
  });

  test("a first sync may begin at an instant; its cursor goes on from there", async () => {
    await facility.database.query(INSERT, [clientId, siteId, "old"]);
    await facility.database.query("alter table location disable trigger location_touch");
    await facility.database.query("update location set updated_at = '2026-01-01T00:00:00Z' where client_id = $1", [
      clientId,
    ]);
    await facility.database.query("alter table location enable trigger location_touch");
    await facility.database.query(INSERT, [clientId, siteId, "new"]);
    const copy = phone({ table: "locations" }, new Date().toISOString());
    // Written within the minute before: the overlap.
    expect(await copy.sync()).toBe(1);
    expect([...copy.rows.values()].map(({ code }) => code)).toEqual(["new"]);
    expect(await copy.sync()).toBe(0);
    await facility.database.query(INSERT, [clientId, siteId, "newer"]);
    expect(await copy.sync()).toBe(1);
    const later = phone({ table: "locations" }, new Date(Date.now() + 120_000).toISOString());
    expect(await later.sync()).toBe(0);
  });

  test("cursors cannot be used for something else, and a foreign one begins anew", async () => {
    await facility.database.query(INSERT, [clientId, siteId, "L"]);
    await settled();
    const { modifiedAfter } = await sync({ table: "locations" });
    const refusal = { code: "PARAMS_INVALID", fields: [{ field: "modifiedAfter" }] };
    await expect(sync({ table: "assets", modifiedAfter })).rejects.toMatchObject(refusal);
    await expect(sync({ table: "locations", siteId, modifiedAfter })).rejects.toMatchObject(refusal);
    for (const wrong of ["", "x", "2026-99-99", Buffer.from("[1]").toString("base64url")]) {
      await expect(sync({ table: "locations", modifiedAfter: wrong })).rejects.toMatchObject(refusal);
    }
    const [system, ...rest] = JSON.parse(Buffer.from(modifiedAfter, "base64url").toString()) as string[];
    const encode = (parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString("base64url");
    expect((await sync({ table: "locations", modifiedAfter: encode([system, ...rest]) })).items.length).toBe(0);
    expect((await sync({ table: "locations", modifiedAfter: encode(["another", ...rest]) })).items.length).toBe(1);
    const ahead = rest.with(2, "9999999999");
    expect((await sync({ table: "locations", modifiedAfter: encode([system, ...ahead]) })).items.length).toBe(1);
    await expect(sync({ table: "questions", siteId })).rejects.toMatchObject({ fields: [{ field: "siteId" }] });
    await expect(sync({ table: "secrets" as SyncName })).rejects.toMatchObject({ fields: [{ field: "table" }] });
  });

  test("a phone gets rows of its own client, everybody's lookup values, and of its site when it asks so", async () => {
    const foreign = await facility.makeSite();
    await facility.makeAsset(foreign);
    const mine = await facility.makeAsset(siteId);
    const second = await facility.makeSite({ client_id: clientId });
    await facility.makeAsset(second);
    await settled();
    const ids = async (params: Asked) => (await sync(params)).items.map(({ id }) => id);
    expect((await ids({ table: "assets" })).length).toBe(2);
    expect(await ids({ table: "assets", siteId })).toEqual([mine]);
    expect(await ids({ table: "assets", siteId: foreign })).toEqual([]);
    expect(await ids({ table: "sites", siteId })).toEqual([siteId]);
    expect((await sync({ table: "typeAssist" })).items.every((row) => row.clientId === null)).toBe(true);
    expect((await sync({ table: "typeAssist" })).items.length).toBeGreaterThan(3);
  });

  if (name !== "postgres") return;

  test("a transaction that commits after a later one is not passed by, as it is by a reader that goes by the clock", async () => {
    const copy = phone({ table: "locations" });
    const naive = new Set<string>();
    let newest = "-infinity";
    /** What the original did: everything after the newest `updated_at` seen so far. */
    const naiveSync = async () => {
      const rows = await facility.all<{ code: string; at: string }>(
        "select code, updated_at::text as at from location where client_id = $1 and updated_at > $2::timestamptz order by updated_at",
        [clientId, newest],
      );
      for (const { code, at } of rows) {
        naive.add(code);
        newest = at;
      }
    };
    const slow = held(facility, INSERT, [clientId, siteId, "slow"]);
    await slow.hasWritten;
    await facility.database.query(INSERT, [clientId, siteId, "fast"]);
    await copy.syncAtOnce();
    await naiveSync();
    await slow.commit();
    await copy.sync();
    await naiveSync();
    expect([...naive]).toEqual(["fast"]);
    expect([...copy.rows.values()].map(({ code }) => code).sort()).toEqual(["fast", "slow"]);
  });

  test("what waits behind an open transaction comes as soon as it has ended, also when it is rolled back", async () => {
    const copy = phone({ table: "locations" });
    const slow = held(facility, INSERT, [clientId, siteId, "slow"]);
    await slow.hasWritten;
    await facility.database.query(INSERT, [clientId, siteId, "fast"]);
    expect(await copy.syncAtOnce()).toBe(0);
    await slow.commit();
    expect(await copy.sync()).toBe(2);
    await facility.database
      .transaction(async (tx) => {
        await tx.query(INSERT, [clientId, siteId, "never"]);
        throw new Error("no");
      })
      .catch(() => {});
    await facility.database.query(INSERT, [clientId, siteId, "last"]);
    expect(await copy.sync()).toBe(1);
  });

  test("forty writers that commit in any order, insert, change and delete; three phones read all the while", async () => {
    const group = await facility.makeGroup(siteId);
    const people = await Promise.all(Array.from({ length: 40 }, () => facility.makePerson(siteId)));
    const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 25));
    let isWriting = true;
    const write = async (personId: number) => {
      for (let round = 0; round < 6; round += 1) {
        await facility.database
          .transaction(async (tx) => {
            const insert = `insert into group_member (client_id, group_id, person_id) values ($1, $2, $3)
            on conflict (group_id, person_id, site_id) do update set is_lead = not group_member.is_lead`;
            await tx.query(insert, [clientId, group, personId]);
            await pause();
            if (Math.random() < 0.4) await tx.query("delete from group_member where person_id = $1", [personId]);
            await pause();
            if (Math.random() < 0.1) throw new Error("rolled back");
          })
          .catch(() => {});
        await pause();
      }
    };
    const phones = [1, 7, 500].map((limit) => phone({ table: "groupMembers", limit }));
    const reading = phones.map(async (copy) => {
      while (isWriting) await copy.syncAtOnce();
      await copy.sync();
    });
    await Promise.all(people.map(write));
    isWriting = false;
    await Promise.all(reading);
    const kept = await facility.all<{ uuid: string; is_lead: boolean }>(
      "select uuid, is_lead from group_member where group_id = $1 order by uuid",
      [group],
    );
    expect(kept.length).toBeGreaterThan(0);
    for (const copy of phones) {
      const rows = [...copy.rows.values()].map(({ uuid, isLead }) => ({ uuid, is_lead: isLead }));
      expect(rows.sort((a, b) => (String(a.uuid) < String(b.uuid) ? -1 : 1))).toEqual(kept);
    }
  }, 400_000);
});
