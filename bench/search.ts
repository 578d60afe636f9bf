/**
 * What lists of tasks cost with much history: the first page by each filter, on PostgreSQL with 2 000 000 ended tasks and on
 * PGlite with 100 000. Starts a server of its own, prints medians. `node_modules/.bin/node bench/search.ts [--quick]`
 */
import Table from "cli-table3";
import { type Database, migrate, openPGlite, openPostgres } from "../database/index.ts";
import { foundation, RUNTIME_MIGRATIONS, VirtualClock } from "../runtime/index.ts";
import { Pruner } from "../runtime/maintenance/index.ts";
import { type TaskFilter, TaskSearch } from "../runtime/results/index.ts";
import { startPostgres } from "../test/support/servers/index.ts";

const DAY_MS = 86_400_000;
const DAYS = 7;
const BATCH = 50_000;
const ROUNDS = 5;
const isQuick = process.argv.includes("--quick");

const FILL = `
insert into task_history (id, name, queue, priority, state, attempt, retries, crashes, params, headers, created_at, started_at,
                          finished_at, worker)
select (lpad(to_hex(floor(ms)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n || 'x'), 1, 15))::uuid,
       case when n % 200003 = 7 then 'rare_task' else 'task_' || floor(power(random(), 2) * 20)::integer end,
       case when n % 40009 = 3 then 'maintenance' else (array['default', 'email', 'reports', 'critical'])[1 + n % 4] end, 5,
       (case when n % 20011 = 5 then 'FAILURE' else 'SUCCESS' end)::task_state, 1, 0, 0,
       json_build_object('ticketId', n, 'note', 'the lift number ' || n || ' is stuck between floors'),
       json_build_object('tenant', 'tenant-' || n % 50), to_timestamp(ms / 1000), to_timestamp(ms / 1000),
       to_timestamp(ms / 1000 + 0.02), 'host-' || n / 100000
from (select n, $1::float8 + n * $2::float8 as ms from generate_series($3::integer, $4::integer) n) made`;

async function fill(database: Database, rows: number): Promise<void> {
  await migrate(database, [RUNTIME_MIGRATIONS]);
  const now = Date.now();
  for (let day = DAYS; day >= 0; day -= 1) {
    const parts = foundation({ clock: new VirtualClock(now - day * DAY_MS) });
    await new Pruner(database, parts, { historyRetentionMs: 30 * DAY_MS, auditRetentionMs: 400 * DAY_MS }).prepare();
  }
  for (let from = 0; from < rows; from += BATCH) {
    const to = Math.min(from + BATCH, rows) - 1;
    await database.query(FILL, [now - DAYS * DAY_MS, (DAYS * DAY_MS) / rows, from, to]);
  }
  // As autovacuum does; PGlite has none.
  if (database.engine === "postgres") await database.script("vacuum analyze task_history");
}

const FILTERS: readonly (readonly [string, TaskFilter])[] = [
  ["no filter", {}],
  ["state FAILURE, one in 20 000", { state: "FAILURE" }],
  ["name, one in 200 000", { name: "rare_task" }],
  ["name, frequent", { name: "task_3" }],
  ["name, none", { name: "nobody" }],
  ["queue, one in 40 000", { queue: "maintenance" }],
  ["worker of the first hours", { worker: "host-0" }],
  ["header, frequent", { headers: { tenant: "tenant-7" } }],
  ["text, recent", { q: "stuck between" }],
  ["text, none", { q: "nowhere to be found" }],
];

async function measure(database: Database): Promise<void> {
  const { clock } = foundation();
  const search = new TaskSearch({ database, clock, sensitive: () => [] });
  const table = new Table({
    head: ["first page by", "median ms", "least ms", "items", "searched"],
    style: { head: [] },
  });
  for (const [name, filter] of FILTERS) {
    const times: number[] = [];
    let page = await search.list(filter);
    for (let round = 0; round < ROUNDS; round += 1) {
      const began = performance.now();
      page = await search.list(filter);
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    const [least = 0, median = 0] = [times[0], times[Math.floor(ROUNDS / 2)]];
    const searched = page.searchedTo === null ? "all it needs" : `back to ${page.searchedTo}`;
    table.push([name, median.toFixed(1), least.toFixed(1), page.items.length, searched]);
  }
  console.log(`${database.engine}\n${table}`);
}

const embedded = await openPGlite({ dataDir: "memory" });
await fill(embedded, isQuick ? 20_000 : 100_000);
await measure(embedded);
await embedded.close();

const server = await startPostgres({ durable: true, settings: { shared_buffers: "512MB", max_wal_size: "4GB" } });
const database = openPostgres({ url: server.url });
await fill(database, isQuick ? 100_000 : 2_000_000);
await measure(database);
await database.close();
await server.stop();
process.exit(0);
