/** A message's run: an outage in the middle leaves nothing and the next try does it whole; what fails for good is told. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { GraphQLSchema } from "graphql";
import { ServiceBroker } from "moleculer";
import { ApiumError, type Runtime, silentLog } from "../../runtime/index.ts";
import { cacheClient } from "../../services/cache/client/index.ts";
import { sendTicketEmail } from "../../services/email/tasks.ts";
import { SYNC_TABLES } from "../../services/facility/sync-tables.ts";
import { RECEIVERS } from "../../services/index.ts";
import { receive } from "../../services/mobile/receive.ts";
import { runMessage } from "../../services/mobile/run-message.ts";
import { mobileSchema } from "../../services/mobile/schema/schema.ts";
import { statusOf } from "../../services/mobile/status.ts";
import { processGraphqlMutationAsync } from "../../services/mobile/tasks.ts";
import type { Receivers, Sender } from "../../services/receiver.ts";
import type { ServiceParts } from "../../services/service-parts.ts";
import { readSettings } from "../../settings.ts";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { recordsMutation } from "../support/phones.ts";

describe.each(availableBackends().filter((name) => name !== "jetstream"))("a message's run on %s", (name) => {
  let facility: Facility;
  let runtime: Runtime;
  let parts: ServiceParts;
  let schema: GraphQLSchema;
  let sender: Sender;
  let siteId: number;

  beforeAll(async () => {
    facility = await openFacility(name);
    runtime = facility.backend.runtime({ queues: [] });
    runtime.define(processGraphqlMutationAsync);
    runtime.define(sendTicketEmail);
    await runtime.open();
    const cache = cacheClient(new ServiceBroker({ logger: false }), runtime.parts);
    parts = {
      ...{ runtime, database: facility.database, cache: cache.named("default"), settings: readSettings({}) },
      log: silentLog,
    };
    schema = await mobileSchema(facility.database, SYNC_TABLES);
    siteId = await facility.makeSite();
    const personId = await facility.makePerson(siteId);
    sender = { name: `person:${personId}`, clientId: await facility.clientOf(siteId), personId, deviceId: "phone" };
  }, 400_000);
  afterAll(async () => {
    await facility.backend.reset();
    await facility.backend.close();
  }, 400_000);

  const ticket = (description: string) => ({ tablename: "ticket", uuid: randomUUID(), siteId, description });
  const keep = (records: readonly object[]) =>
    receive(parts, schema, sender, {
      ...{ via: "mqtt", document: recordsMutation("insertRecord"), operationName: null, variables: { records } },
      ...{ serviceName: "insertRecord", messageId: null },
    });
  const idOf = async (taskId: string) =>
    (await facility.one<{ id: number }>("select id from mobile_message where task_id = $1::uuid", [taskId])).id;
  const told: string[] = [];
  const run = (id: number, receivers: Receivers = RECEIVERS, signal = new AbortController().signal) =>
    facility.database.transaction((tx) =>
      runMessage({ parts, schema, receivers, tx, tell: ({ event }) => void told.push(event), signal }, id),
    );
  const counts = () =>
    facility.one<{ tickets: number; mails: number }>(
      `select (select count(*)::integer from ticket) as tickets,
         (select count(*)::integer from task where name = 'send_ticket_email') as mails`,
    );

  /** The rooms, with another that fails at the second ticket. */
  function failing(error: () => unknown): Receivers {
    let seen = 0;
    return (own) => [
      ...RECEIVERS(own),
      {
        kind: "ticket",
        async receive(record) {
          seen += 1;
          if (seen === 2) throw error();
          return { uuid: String(record.uuid), outcome: "unchanged" };
        },
      },
    ];
  }

  test("an outage at the second record leaves nothing of the first; the next try stores both, and tells once", async () => {
    const before = await counts();
    const { taskId } = await keep([ticket("one"), ticket("two")]);
    const id = await idOf(taskId);
    told.length = 0;
    const outage = failing(() => new ApiumError("STORE_UNAVAILABLE", "gone"));
    await expect(run(id, outage)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await counts()).toEqual(before);
    expect(told).toEqual([]);
    expect(await statusOf(parts, sender, [taskId])).toMatchObject([{ status: "PENDING" }]);
    expect((await run(id)).counts).toEqual({ stored: 2, refused: 0 });
    expect(await counts()).toEqual({ tickets: before.tickets + 2, mails: before.mails + 2 });
    expect(told).toEqual(["ticket.created", "ticket.created"]);
    expect(await statusOf(parts, sender, [taskId])).toMatchObject([{ status: "SUCCESS" }]);
  });

  test("a record whose second room refuses it leaves nothing in the first, and does not hold up the others", async () => {
    const before = await counts();
    const { taskId } = await keep([ticket("a"), ticket("b"), ticket("c")]);
    const { message } = await run(
      await idOf(taskId),
      failing(() => new ApiumError("PARAMS_INVALID", "not this one")),
    );
    expect(message.result?.data).toMatchObject({
      insertRecord: { records: [{ rc: 0 }, { rc: 1, msg: "not this one" }, { rc: 0 }] },
    });
    expect(await counts()).toEqual({ tickets: before.tickets + 2, mails: before.mails + 2 });
  });

  test("a fault of ours is one record's, without its words", async () => {
    const { taskId } = await keep([ticket("a"), ticket("b")]);
    const { message } = await run(
      await idOf(taskId),
      failing(() => new TypeError("cannot read the secret of undefined")),
    );
    expect(JSON.stringify(message.result)).not.toContain("secret");
    expect(message.result?.data).toMatchObject({
      insertRecord: { records: [{ rc: 0 }, { rc: 1, code: "INTERNAL", msg: "it could not be stored" }] },
    });
  });

  test("a run that is stopped between two records leaves nothing", async () => {
    const before = await counts();
    const { taskId } = await keep([ticket("a"), ticket("b")]);
    const stop = new AbortController();
    const stopping: Receivers = (own) =>
      RECEIVERS(own).map((receiver) => ({
        ...receiver,
        receive: (record) => receiver.receive(record).finally(() => stop.abort(new ApiumError("SOFT_TIME_LIMIT"))),
      }));
    await expect(run(await idOf(taskId), stopping, stop.signal)).rejects.toMatchObject({ code: "SOFT_TIME_LIMIT" });
    expect(await counts()).toEqual(before);
  });

  test("run twice it changes nothing the second time", async () => {
    const { taskId } = await keep([ticket("once")]);
    const id = await idOf(taskId);
    await run(id);
    const before = await counts();
    expect((await run(id)).message.state).toBe("SUCCESS");
    expect(await counts()).toEqual(before);
  });

  test("two at once of one sender, about the same rows, both end", async () => {
    const [one, two] = [ticket("x"), ticket("y")];
    const [first, second] = [await keep([one, two]), await keep([two, one, ticket("z")])];
    const before = await counts();
    await Promise.all([run(await idOf(first.taskId)), run(await idOf(second.taskId))]);
    expect((await counts()).tickets).toBe(before.tickets + 3);
  });

  test("whose task has given up is told as failed, of its own sender only", async () => {
    const { taskId } = await keep([ticket("never")]);
    await runtime.revoke(taskId);
    expect(await statusOf(parts, sender, [taskId])).toMatchObject([{ status: "FAILURE" }]);
    expect(await statusOf(parts, { ...sender, personId: sender.personId + 1 }, [taskId])).toEqual([
      { taskId, status: "UNKNOWN", result: null },
    ]);
  });
});
