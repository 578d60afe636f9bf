/** A dataset is worked in chunks that are tasks of their own: each row exactly once, and the whole ends with its parts. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { ServiceBroker } from "moleculer";
import type { Runtime } from "../../runtime/index.ts";
import { TasksMiddleware } from "../../runtime/moleculer/index.ts";
import { datasetsModule } from "../../services/datasets/index.ts";
import { processChunk, processLargeDataset } from "../../services/datasets/tasks.ts";
import { readSettings } from "../../settings.ts";
import { availableBackends, type Backend, openBackend } from "../support/backends.ts";
import { cacheOf, migrateServices } from "../support/services.ts";

const log = { info() {}, warn() {}, error() {} };

describe.each(availableBackends())("datasets on %s", (name) => {
  let backend: Backend;
  const brokers: ServiceBroker[] = [];

  beforeAll(async () => {
    backend = await openBackend(name);
    await migrateServices(backend);
  }, 400_000);
  afterEach(async () => {
    await backend.reset();
    for (const broker of brokers.splice(0)) await broker.stop();
  });
  afterAll(() => backend.close());

  async function start(): Promise<{ broker: ServiceBroker; runtime: Runtime }> {
    const runtime = backend.runtime();
    const broker = new ServiceBroker({
      logger: false,
      validator: false,
      middlewares: [TasksMiddleware(runtime)],
      skipProcessEventRegistration: true,
    });
    brokers.push(broker);
    const parts = {
      runtime,
      database: backend.database,
      cache: cacheOf(broker, runtime),
      settings: readSettings({}),
      log,
    };
    broker.createService(datasetsModule.create(parts));
    await runtime.open();
    await broker.start();
    await runtime.work();
    return { broker, runtime };
  }

  function create(broker: ServiceBroker, rows: readonly unknown[]): Promise<{ id: number; rows: number }> {
    return broker.call("datasets.create", { name: "readings", rows });
  }

  test("every row is worked exactly once, and the results of the chunks come in their order", async () => {
    const { broker, runtime } = await start();
    const values = Array.from({ length: 1_050 }, (_, n) => ({ n, note: `"quoted, {braced} \\ ${n}`, nothing: null }));
    const { id, rows } = await create(broker, values);
    expect(rows).toBe(1_050);
    const { id: taskId } = await processLargeDataset.enqueue(runtime, { datasetId: id });
    const results = (await runtime.result(taskId, "120s")) as { rows: number; checksum: string }[];
    expect(results.map((chunk) => chunk.rows)).toEqual([...Array.from({ length: 10 }, () => 100), 50]);
    expect(new Set(results.map(({ checksum }) => checksum)).size).toBe(11);
    const { rows: worked } = await backend.database.query(
      `select count(*)::integer as rows, min(times_processed) as least, max(times_processed) as most,
              count(processed_at)::integer as stamped, count(distinct checksum)::integer as checksums
       from dataset_row where dataset_id = $1`,
      [id],
    );
    expect(worked).toEqual([{ rows: 1_050, least: 1, most: 1, stamped: 1_050, checksums: 1_050 }]);
    const { rows: kept } = await backend.database.query<{ value: unknown }>(
      "select value from dataset_row where dataset_id = $1 and n = 7",
      [id],
    );
    expect(kept[0]?.value).toEqual(values[7]);
  }, 400_000);

  test("a chunk begins with its start and ends before its end", async () => {
    const { broker, runtime } = await start();
    const { id } = await create(broker, [1, 2, 3, 4, 5]);
    await expect(processChunk.callAndWait(runtime, { datasetId: id, start: 1, end: 3 })).resolves.toMatchObject({
      rows: 2,
    });
    const { rows } = await backend.database.query<{ n: number }>(
      "select n from dataset_row where dataset_id = $1 and processed_at is not null order by n",
      [id],
    );
    expect(rows.map(({ n }) => n)).toEqual([1, 2]);
  });

  test("an empty dataset has no chunks; one that does not exist is a dead letter at once", async () => {
    const { broker, runtime } = await start();
    const { id } = await create(broker, []);
    await expect(processLargeDataset.callAndWait(runtime, { datasetId: id, chunkSize: 2 })).resolves.toEqual([]);
    const missing = await processLargeDataset.enqueue(runtime, { datasetId: 999_999 });
    await expect(runtime.result(missing.id)).rejects.toMatchObject({ details: { error: { code: "TASK_REJECTED" } } });
    expect(await runtime.getTask(missing.id)).toMatchObject({ attempt: 1, retries: 0 });
  });

  test("wrong datasets are refused with the field named", async () => {
    const { broker } = await start();
    await expect(broker.call("datasets.create", { name: "a\0b", rows: [] })).rejects.toMatchObject({
      code: "PARAMS_INVALID",
      fields: [{ field: "name" }],
    });
    await expect(broker.call("datasets.create", { name: "x", rows: "all" })).rejects.toMatchObject({
      fields: [{ field: "rows" }],
    });
  });
});
