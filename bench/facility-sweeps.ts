/**
 * How fast overdue work is closed and waiting tickets climb, beside growing heaps of work that is long done, and what the
 * statements that find them cost. Starts a PostgreSQL of its own. `node_modules/.bin/node bench/facility-sweeps.ts`
 */
import Table from "cli-table3";
import { type Database, migrate, openPostgres } from "../database/index.ts";
import { PostgresQueue, RUNTIME_MIGRATIONS, Runtime } from "../runtime/index.ts";
import { sendAutocloseEmail, sendTicketEmail } from "../services/email/tasks.ts";
import { escalateAllDue } from "../services/escalation/escalation.ts";
import { closeAllOverdue } from "../services/jobs/auto-close-tasks.ts";
import { SERVICE_MIGRATIONS } from "../services/migrations.ts";
import type { ServiceParts } from "../services/service-parts.ts";
import { raiseAutocloseTicket } from "../services/tickets/tasks.ts";
import { startPostgres } from "../test/support/servers/index.ts";

const ROUNDS = 3;
const DUE = 10_000;
const SITES = 500;
const HISTORIES = [0, 100_000, 1_000_000];
const SETTINGS = { shared_buffers: "512MB", max_wal_size: "4GB" };
const never = new AbortController().signal;
const nobody = () => {};

const postgres = await startPostgres({ durable: true, settings: SETTINGS });
const database = openPostgres({ url: postgres.url });
await migrate(database, [RUNTIME_MIGRATIONS, ...SERVICE_MIGRATIONS]);
const runtime = new Runtime({
  database,
  queues: [],
  queue: (parts, expect) => new PostgresQueue(database, parts, expect),
});
for (const task of [sendAutocloseEmail, sendTicketEmail, raiseAutocloseTicket]) runtime.define(task);
await runtime.open();
const parts = { runtime, database } as unknown as ServiceParts;

const table = new Table({
  head: ["rows already there", `close ${DUE} /ms`, "again /ms", `escalate ${DUE} /ms`, "again /ms"],
});
await makeSites(database);
let there = 0;
for (const history of HISTORIES) {
  await addHistory(database, history - there);
  there = history;
  await database.query("vacuum analyze");
  const rounds: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await oneRound());
  table.push([history, ...[0, 1, 2, 3].map((column) => median(rounds.map((numbers) => numbers[column] ?? 0)))]);
}
console.log(table.toString());
await explain();
await runtime.stop();
await database.close();
await postgres.stop();

async function oneRound(): Promise<number[]> {
  await addDue(database);
  const numbers = [
    await timed(() => closeAllOverdue(parts, nobody, never)),
    await timed(() => closeAllOverdue(parts, nobody, never)),
    await timed(() => escalateAllDue(parts, nobody, never)),
    await timed(() => escalateAllDue(parts, nobody, never)),
  ];
  await database.query("delete from ticket_history");
  await database.query("delete from ticket where status = 'NEW'");
  await database.query("delete from jobneed where details->>'bench' is not null or parent_id is not null");
  await database.query("truncate task");
  return numbers;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return Math.round(performance.now() - began);
}

async function makeSites(store: Database): Promise<void> {
  await store.query("insert into site (code, name, kind) values ('C', 'Client', 'CLIENT')");
  await store.query("update site set client_id = id");
  await store.query(
    `insert into site (client_id, code, name) select c.id, 'S' || n, 'Site ' || n
     from site c, generate_series(1, ${SITES}) n`,
  );
  await store.query(
    `insert into escalation_matrix (client_id, category_id, level, frequency, frequency_value)
     select s.id, t.id, n, 'HOUR', n from site s, type_assist t, generate_series(1, 3) n
     where s.kind = 'CLIENT' and t.code = 'GENERAL'`,
  );
}

/** Work that is done and tickets that are closed, of the year before. */
async function addHistory(store: Database, rows: number): Promise<void> {
  await store.query(
    `insert into jobneed (client_id, site_id, name, status, plan_at, expiry_at)
     select s.client_id, s.id, 'Done', 'COMPLETED', at, at + interval '1 hour'
     from generate_series(1, ${rows}) n
     join site s on s.code = 'S' || (n % ${SITES} + 1),
     lateral (select now() - interval '1 day' - n * interval '30 seconds' as at) t`,
  );
  await store.query(
    `insert into ticket (client_id, site_id, number, description, created_by, category_id, status, created_at)
     select s.client_id, s.id, 'H#' || n || '/' || ${rows}, 'Done', 'bench', c.id, 'CLOSED', now() - n * interval '1 minute'
     from generate_series(1, ${Math.round(rows / 10)}) n
     join site s on s.code = 'S' || (n % ${SITES} + 1), type_assist c where c.code = 'GENERAL'`,
  );
}

/** Every fifth a tour of five checkpoints; a third tells by mail, a third by ticket. */
async function addDue(store: Database): Promise<void> {
  await store.query(
    `with made as (
       insert into jobneed (client_id, site_id, name, identifier, status, plan_at, expiry_at, notify_category_id, details)
       select s.client_id, s.id, 'Due', case when n % 5 = 0 then 'INTERNALTOUR' else 'TASK' end,
              case when n % 2 = 0 then 'INPROGRESS' else 'ASSIGNED' end, now() - interval '2 hours',
              now() - n * interval '1 second',
              case n % 3 when 0 then (select id from type_assist where code = 'AUTOCLOSENOTIFY')
                         when 1 then (select id from type_assist where code = 'RAISETICKETNOTIFY') end,
              '{"bench": true}'
       from generate_series(1, ${DUE}) n join site s on s.code = 'S' || (n % ${SITES} + 1)
       returning id, client_id, site_id, identifier)
     insert into jobneed (client_id, site_id, name, identifier, parent_id, seqno, status)
     select client_id, site_id, 'Checkpoint', identifier, made.id, n, case when n < 2 then 'COMPLETED' else 'ASSIGNED' end
     from made, generate_series(0, 4) n where identifier = 'INTERNALTOUR'`,
  );
  await store.query(
    `insert into ticket (client_id, site_id, number, description, created_by, category_id, created_at)
     select s.client_id, s.id, 'D#' || n, 'Waits', 'bench', c.id, now() - interval '90 minutes'
     from generate_series(1, ${DUE}) n join site s on s.code = 'S' || (n % ${SITES} + 1), type_assist c
     where c.code = 'GENERAL'`,
  );
}

/** The plans of the statements that find work, with everything due. */
async function explain(): Promise<void> {
  await addDue(database);
  const { TAKE } = await import("../services/jobs/auto-close-store.ts");
  const { ESCALATE } = await import("../services/escalation/escalation-store.ts");
  const now = new Date().toISOString();
  const statements: [string, string, (string | number)[]][] = [
    ["auto-close", TAKE.text, [now, "-infinity", 0, 500]],
    ["escalation", ESCALATE.text, [now, 500]],
  ];
  for (const [name, text, values] of statements) {
    const { rows } = await database.query<{ "QUERY PLAN": string }>(`explain (analyze, buffers) ${text}`, values);
    console.log(`\n${name}\n${rows.map((row) => row["QUERY PLAN"]).join("\n")}`);
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
