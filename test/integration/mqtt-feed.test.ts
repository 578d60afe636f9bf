/** The change feed, from rows in the database to messages at a Mosquitto. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { connectAsync, type MqttClient } from "mqtt";
import { SystemClock, SystemRandom } from "../../runtime/index.ts";
import { Feed, outboxBacklog, trimOutbox, wantFeed } from "../../services/mqtt/feed/index.ts";
import { availableBackends, eventually } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type ServerHandle, startMosquitto } from "../support/servers/index.ts";

const parts = { clock: new SystemClock(), random: new SystemRandom() };
const log = { info() {}, warn() {} };

interface Told {
  readonly topic: string;
  readonly operation: string;
  readonly models: string;
  readonly uuid: string;
  readonly messageId: string;
  readonly payload: Record<string, unknown> | null;
  readonly truncated?: boolean;
}

describe.each(availableBackends().filter((name) => name !== "jetstream"))("the change feed on %s", (backend) => {
  let facility: Facility;
  let mosquitto: ServerHandle;
  let listener: MqttClient;
  let told: Told[] = [];
  let site: number;
  const feeds: Feed[] = [];
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    mosquitto = await startMosquitto();
    facility = await openFacility(backend);
    site = await facility.makeSite({ client_id: await facility.makeClient({ code: "BANK" }) });
    listener = await connectAsync(mosquitto.url);
    listener.on("message", (topic, payload) => told.push({ topic, ...JSON.parse(payload.toString()) }));
    await listener.subscribeAsync(["redmine_to_noc", "clients/#"], { qos: 1 });
  });

  beforeEach(async () => {
    await facility.database.query("delete from mqtt_outbox");
    await wantFeed(facility.database, true);
    told = [];
  });

  afterEach(async () => {
    await Promise.all(feeds.splice(0).map((feed) => feed.stop()));
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  afterAll(async () => {
    await listener?.endAsync(true);
    await facility?.backend.close();
    await mosquitto?.stop();
  });

  async function feed(options: { readonly leaseMs?: number; readonly url?: string } = {}): Promise<Feed> {
    const { database } = facility;
    const one = new Feed({
      database,
      url: mosquitto.url,
      parts,
      log,
      backOff: { firstMs: 50, mostMs: 200 },
      ...options,
    });
    feeds.push(one);
    await one.start();
    return one;
  }
  const uuidOf = async (table: string, id: number) =>
    (await facility.one<{ uuid: string }>(`select uuid::text as uuid from ${table} where id = $1`, [id])).uuid;
  const ofAll = (uuid?: string) =>
    told.filter((one) => one.topic === "redmine_to_noc" && (uuid === undefined || one.uuid === uuid));
  const isDrained = async () => (await outboxBacklog(facility.database)).waiting === 0;

  test("tells the network-operations centre and the client of a new row, with what it says", async () => {
    const publisher = await feed();
    const uuid = await uuidOf(
      "asset",
      await facility.makeAsset(site, { name: "Gate", details: '{"api_key":"k","a":1}' }),
    );
    await eventually(async () => told.length >= 2);
    await eventually(isDrained);
    expect(told.map(({ topic }) => topic).sort()).toEqual(["clients/BANK/feed", "redmine_to_noc"]);
    for (const one of told) {
      expect(one).toMatchObject({ operation: "CREATE", app: "apium", models: "asset", uuid });
      expect(one.payload).toMatchObject({ uuid, name: "Gate", siteId: site, details: { a: 1 } });
      expect(one.payload?.createdAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
      expect(JSON.stringify(one)).not.toContain("api_key");
    }
    await eventually(async () => publisher.stats().announced === 1);
    expect(publisher.stats()).toMatchObject({ isPublishing: true, changes: 1, truncated: 0, failures: 0 });
  });

  test("never tells of what was rolled back, and tells of a bulk update", async () => {
    const ids: number[] = [];
    for (let n = 0; n < 120; n += 1) ids.push(await facility.makeAsset(site));
    const undone = await facility.database
      .transaction(async (tx) => {
        await tx.query(
          "insert into location (client_id, site_id, code, name) select client_id, id, 'UNDONE', 'U' from site where id = $1",
          [site],
        );
        await tx.query("update asset set name = 'undone' where site_id = $1", [site]);
        throw new Error("undone");
      })
      .catch((error: Error) => error.message);
    expect(undone).toBe("undone");
    await facility.database.query("delete from mqtt_outbox");
    await feed();
    await facility.database.query("update asset set is_critical = true where id = any($1::text::bigint[])", [
      `{${ids.join(",")}}`,
    ]);
    await eventually(isDrained);
    await eventually(async () => ofAll().length >= 120);
    expect(new Set(ofAll().map(({ uuid }) => uuid)).size).toBe(120);
    expect(ofAll().every(({ operation, payload }) => operation === "UPDATE" && payload?.isCritical === true)).toBe(
      true,
    );
    expect(told.some(({ models, payload }) => models === "location" || payload?.name === "undone")).toBe(false);
  });

  test("tells several changes of a row as one, with its latest content", async () => {
    const asset = await facility.makeAsset(site);
    for (const name of ["one", "two", "three"])
      await facility.database.query("update asset set name = $2 where id = $1", [asset, name]);
    // A transaction of another test in the server could let the feed see some of them first.
    await eventually(async () => {
      const { rows } = await facility.database.query(
        "select 1 from mqtt_outbox where changed_in >= pg_snapshot_xmin(pg_current_snapshot())",
      );
      return rows.length === 0;
    }, 60_000);
    const publisher = await feed();
    await eventually(async () => publisher.stats().changes === 4);
    // The broker's word to the publisher may arrive before its message to the listener.
    await eventually(async () => ofAll().length > 0);
    expect(ofAll()).toHaveLength(1);
    expect(ofAll()[0]).toMatchObject({ operation: "CREATE", payload: { name: "three" } });
  });

  test("tells of a deleted row", async () => {
    const jobneed = await facility.makeJobneed(site);
    const uuid = await uuidOf("jobneed", jobneed);
    await feed();
    await eventually(async () => ofAll(uuid).length === 1);
    await facility.database.query("delete from jobneed where id = $1", [jobneed]);
    await eventually(async () => ofAll(uuid).length === 2);
    expect(ofAll(uuid)[1]).toMatchObject({ operation: "DELETE", payload: null });
    // Of other rows something may still come that the test before has caused.
    const ofClient = () => told.filter((one) => one.topic === "clients/BANK/feed" && one.uuid === uuid);
    await eventually(async () => ofClient().length === 2);
  });

  test("keeps a client's rows from the others, also where two have the same code", async () => {
    const first = await facility.makeClient({ code: "TWIN" });
    const second = await facility.makeClient({ code: "TWIN" });
    await facility.database.query("delete from mqtt_outbox");
    const mine = await facility.makeSite({ client_id: first });
    const theirs = await facility.makeSite({ client_id: second });
    const uuids = [await uuidOf("site", mine), await uuidOf("site", theirs)] as const;
    await feed();
    await eventually(async () => told.filter(({ uuid }) => uuids.includes(uuid)).length >= 4);
    const topicOf = async (siteId: number, uuid: string) =>
      expect(
        told
          .filter((one) => one.uuid === uuid)
          .map(({ topic }) => topic)
          .sort(),
      ).toEqual([`clients/${await uuidOf("site", siteId)}/feed`, "redmine_to_noc"]);
    await topicOf(first, uuids[0]);
    await topicOf(second, uuids[1]);
  });

  test("sends a row too large for a message without its content", async () => {
    const asset = await facility.makeAsset(site, { details: JSON.stringify({ notes: "x".repeat(1_100_000) }) });
    const publisher = await feed();
    await eventually(async () => publisher.stats().truncated === 1);
    const uuid = await uuidOf("asset", asset);
    expect(await eventually(async () => ofAll(uuid)[0])).toMatchObject({ truncated: true, payload: null });
  });

  test("is not held up for ever by a row that is too large for the broker alone", async () => {
    const small = await startMosquitto({ config: "max_packet_size 100000" });
    cleanups.push(() => small.stop());
    const heard: Told[] = [];
    const watcher = await connectAsync(small.url);
    cleanups.push(() => watcher.endAsync(true));
    watcher.on("message", (topic, payload) => heard.push({ topic, ...JSON.parse(payload.toString()) }));
    await watcher.subscribeAsync("redmine_to_noc", { qos: 1 });
    await facility.makeAsset(site, { details: JSON.stringify({ notes: "x".repeat(200_000) }) });
    await facility.makeAsset(site, { details: JSON.stringify({ notes: "x".repeat(10_000) }) });
    await feed({ url: small.url });
    await eventually(isDrained);
    await eventually(async () => heard.length >= 2);
    expect(heard.map(({ truncated }) => truncated)).toEqual([true, undefined]);
  });

  test("keeps nothing for a feed nobody wants, nor the server's own marks on a job", async () => {
    const job = await facility.makeJob(site);
    await facility.database.query("delete from mqtt_outbox");
    await facility.database.query("update job set generated_until = now() where id = $1", [job]);
    expect((await outboxBacklog(facility.database)).waiting).toBe(0);
    await facility.database.query("update job set name = 'Another' where id = $1", [job]);
    expect((await outboxBacklog(facility.database)).waiting).toBe(1);
    await wantFeed(facility.database, false);
    await facility.makeAsset(site);
    expect((await outboxBacklog(facility.database)).waiting).toBe(1);
  });

  test("has triggers on every table it is to tell of, and on no line of a checklist", async () => {
    const client_id = await facility.clientOf(site);
    const person = await facility.makePerson(site);
    await facility.makeChecklist(site, 2);
    await facility.makeJob(site);
    await facility.makeTicket(site);
    await facility.typeAssist("TICKETCATEGORY", `FEED-${backend}`);
    await facility.database.query("insert into location (client_id, site_id, code, name) values ($1, $2, 'L', 'L')", [
      client_id,
      site,
    ]);
    await facility.database.query(
      "insert into shift (client_id, name, starts_at, ends_at) values ($1, 'Day', '08:00', '16:00')",
      [client_id],
    );
    await facility.database.query("insert into attendance_event (client_id, person_id) values ($1, $2)", [
      client_id,
      person,
    ]);
    await facility.database.query(
      "insert into attachment (client_id, owner_table, owner_uuid, file_name, path) values ($1, 'asset', gen_random_uuid(), 'a', 'b')",
      [client_id],
    );
    await facility.makeAsset(site);
    const jobneed = await facility.makeJobneed(site);
    await facility.makeSite({ client_id });
    await facility.database.query("insert into jobneed_detail (client_id, jobneed_id, seqno) values ($1, $2, 1)", [
      client_id,
      jobneed,
    ]);
    const { rows } = await facility.database.query<{ entity: string }>(
      "select distinct entity from mqtt_outbox order by 1",
    );
    expect(rows.map(({ entity }) => entity)).toEqual([
      "asset",
      "attachment",
      "attendance_event",
      "job",
      "jobneed",
      "location",
      "person",
      "question",
      "question_set",
      "question_set_member",
      "shift",
      "site",
      "ticket",
      "type_assist",
    ]);
    const publisher = await feed();
    await eventually(isDrained);
    expect(publisher.stats().failures).toBe(0);
    await eventually(async () => new Set(ofAll().map(({ models }) => models)).size === 14);
  });

  test("asks whether it is wanted by key: a scan would be compiled anew in each of create_job's transactions", async () => {
    const { source } = await facility.one<{ source: string }>(
      "select pg_get_functiondef('announce_change'::regproc) as source",
    );
    const question = /exists \((select from mqtt_feed[^)]*)\)/.exec(source)?.[1];
    const plan = await facility.database.transaction(
      async (tx) => {
        await tx.query("set local enable_seqscan = off");
        return (await tx.query<Record<string, string>>(`explain ${question}`)).rows;
      },
      { byIndex: true },
    );
    expect(JSON.stringify(plan)).toContain("Index");
  });

  test("gives up changes that have waited for a week, and no others", async () => {
    await facility.makeAsset(site);
    await facility.makeAsset(site);
    await facility.database.query(
      "update mqtt_outbox set created_at = now() - interval '7 days 1 second' where id = (select min(id) from mqtt_outbox)",
    );
    expect(await trimOutbox(facility.database)).toBe(1);
    expect((await outboxBacklog(facility.database)).waiting).toBe(1);
  });

  test("is published by one process; when it stops another goes on at once", async () => {
    const first = await feed();
    await eventually(async () => first.stats().isPublishing);
    const second = await feed();
    await facility.makeAsset(site);
    await eventually(isDrained);
    await eventually(async () => second.stats().connection === "away");
    expect(second.stats()).toMatchObject({ isPublishing: false, announced: 0 });
    await first.stop();
    const uuid = await uuidOf("asset", await facility.makeAsset(site));
    await eventually(async () => ofAll(uuid).length === 1);
    await eventually(async () => second.stats().announced === 1);
  });

  test("is cut off at the broker when another takes over, whatever it believes itself", async () => {
    const first = await feed({ leaseMs: 600_000 }); // It would look again after 150 s.
    await eventually(async () => first.stats().isPublishing);
    const second = await feed();
    await facility.database.query("update mqtt_feed set expires_at = now() - interval '1 second'");
    await eventually(async () => second.stats().isPublishing);
    await eventually(async () => !first.stats().isPublishing);
    const uuid = await uuidOf("asset", await facility.makeAsset(site));
    await eventually(async () => ofAll(uuid).length === 1);
    expect(first.stats()).toMatchObject({ announced: 0, isPublishing: false });
  });

  test("waits for a broker that is away, and loses nothing", async () => {
    const publisher = await feed();
    await eventually(async () => publisher.stats().isPublishing);
    await mosquitto.kill("SIGKILL");
    const asset = await facility.makeAsset(site);
    await eventually(async () => !publisher.stats().isPublishing);
    expect(await isDrained()).toBe(false);
    await mosquitto.restart();
    await eventually(async () => listener.connected);
    await listener.subscribeAsync(["redmine_to_noc", "clients/#"], { qos: 1 });
    await facility.database.query("update asset set name = 'late' where id = $1", [asset]);
    await eventually(isDrained);
    const uuid = await uuidOf("asset", asset);
    await eventually(async () => publisher.stats().changes >= 2);
    await facility.database.query("update asset set name = 'later' where id = $1", [asset]);
    await eventually(async () => ofAll(uuid).at(-1)?.payload?.name === "later");
  });

  if (backend === "postgres") {
    test("does not pass by a change whose transaction commits late", async () => {
      const publisher = await feed();
      let commit = () => {};
      const isOpen = Promise.withResolvers<number>();
      const slow = facility.database.transaction(async (tx) => {
        const { rows } = await tx.query<{ id: number }>(
          "insert into asset (client_id, site_id, code, name) select client_id, id, 'SLOW', 'S' from site where id = $1 returning id",
          [site],
        );
        isOpen.resolve(rows[0]?.id ?? 0);
        await new Promise<void>((resolve) => {
          commit = resolve;
        });
      });
      const late = await isOpen.promise;
      const fast = await uuidOf("asset", await facility.makeAsset(site));
      await new Promise((resolve) => setTimeout(resolve, 1_500)); // Longer than a poll: it has looked and held back.
      expect(ofAll(fast)).toHaveLength(0);
      commit();
      await slow;
      await eventually(async () => publisher.stats().changes === 2);
      await eventually(async () => ofAll().length >= 2);
      expect(ofAll().map(({ uuid }) => uuid)).toEqual([await uuidOf("asset", late), fast]);
    });
  }
});
