/** What is done to many and fails halfway is in the audit: how far it had come, and of what it failed. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ServiceBroker } from "moleculer";
import { z } from "zod";
import { defineTask, type Runtime } from "../../runtime/index.ts";
import { taskOperations } from "../../runtime/moleculer/index.ts";
import { type Backend, openBackend } from "../support/backends.ts";

const parcel = defineTask({ name: "parcel", params: z.object({ to: z.string() }) });

/** The database refuses to let go of one row. */
const REFUSE = `
create function keep_the_last() returns trigger language plpgsql as $$ begin
  if old.params->>'to' = 'the last' then raise exception 'kept'; end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger keep_the_last before delete or update on task for each row execute function keep_the_last();`;

describe("what fails halfway", () => {
  let backend: Backend;
  let broker: ServiceBroker;
  let runtime: Runtime;
  beforeAll(async () => {
    backend = await openBackend("pglite");
    runtime = backend.runtime({ queues: [] });
    runtime.define(parcel);
    broker = new ServiceBroker({ logger: false, validator: false, skipProcessEventRegistration: true });
    broker.createService(taskOperations(runtime));
    await runtime.open();
    await broker.start();
    await backend.database.script(REFUSE);
  }, 400_000);
  afterAll(async () => {
    await broker.stop();
    await backend.close();
  });

  test.each([
    ["task.revoke-many", "tasks.control.revoke", { name: "parcel" }, {}, { matched: 1_500, revoked: 1_000 }],
    ["queue.purge", "tasks.purge", { name: "default" }, {}, { matched: 1_500, purged: 1_000 }],
    ["task.run-now-many", "tasks.runNowMany", { name: "parcel" }, { countdown: "1h" }, { matched: 1_500, released: 0 }],
    ["task.run-now-many", "tasks.runNowMany", { name: "parcel", rate: "9/s" }, { countdown: "1h" }, { released: 0 }],
  ] as const)(
    "of %s by %s the audit says how far it came",
    async (action, call, params, options, soFar) => {
      await backend.database.query("alter table task disable trigger keep_the_last");
      for (const table of ["task", "audit"]) await backend.database.query(`delete from ${table}`);
      await parcel.enqueueMany(
        runtime,
        Array.from({ length: 1_500 }, (_, n) => ({ to: n === 1_499 ? "the last" : "somebody" })),
        options,
      );
      await backend.database.query("alter table task enable trigger keep_the_last");
      await expect(broker.call(call, params)).rejects.toThrow();
      const { rows } = await backend.database.query("select action, details from audit");
      expect(rows).toMatchObject([{ action, details: { ...soFar, failed: expect.any(String) } }]);
    },
    180_000,
  );

  test("what is refused before it began leaves none", async () => {
    await backend.database.query("delete from audit");
    await expect(broker.call("tasks.purge", { name: "nowhere" })).rejects.toMatchObject({ code: "QUEUE_UNKNOWN" });
    await expect(broker.call("tasks.control.revoke", {})).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    expect((await backend.database.query("select 1 from audit")).rows).toEqual([]);
  });
});
