/** How reports read: never for longer than they may, never more than reading, and in batches that keep their order. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { openReader } from "../../services/reports/reader.ts";
import { availableBackends, type Backend, openBackend } from "../support/backends.ts";

describe.each(availableBackends().filter((name) => name !== "jetstream"))("the reader of reports on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend(name);
    await backend.database.script("create table thing (id bigint primary key, word text)");
    await backend.database.query("insert into thing select n, 'w' || n from generate_series(1, 2500) n");
  }, 400_000);
  afterAll(() => backend.close());

  test("writes nothing, whatever it is asked", async () => {
    const reader = openReader(backend.database);
    await expect(reader.all("delete from thing")).rejects.toMatchObject({ code: "25006" });
    await expect(reader.all("insert into thing values (0, 'x') returning id")).rejects.toMatchObject({ code: "25006" });
    expect(await reader.all("select 1 as one from thing limit 1")).toEqual([{ one: 1 }]);
  });

  test("gives the rows of ids in the order of the ids, a thousand at a time", async () => {
    const reader = openReader(backend.database);
    const batches: { id: number; word: string }[][] = [];
    const ids = { text: "select id from thing where id > $1::bigint order by id desc", parameters: [10] };
    const rows = {
      text: `select t.id::float8 as id, t.word || $2 as word from unnest($1::text::bigint[]) with ordinality as batch(id, place)
             join thing t on t.id = batch.id order by batch.place`,
      parameters: ["!"],
    };
    for await (const batch of reader.batches<{ id: number; word: string }>(ids, rows)) batches.push(batch);
    expect(batches.map((batch) => batch.length)).toEqual([1_000, 1_000, 490]);
    expect(batches[0]?.[0]).toEqual({ id: 2_500, word: "w2500!" });
    expect(batches[2]?.at(-1)).toEqual({ id: 11, word: "w11!" });
  });

  // PGlite has no timers: what runs there cannot be stopped.
  if (name !== "postgres") return;
  test("ends a statement that takes too long, and goes on", async () => {
    const reader = openReader(backend.database, 1_000);
    const began = performance.now();
    await expect(reader.all("select pg_sleep(100)")).rejects.toMatchObject({ code: "STORE_TIMEOUT" });
    expect(performance.now() - began).toBeLessThan(50_000);
    expect(await reader.all("select 1 as one")).toEqual([{ one: 1 }]);
  });
});
