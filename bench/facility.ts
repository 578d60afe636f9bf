/**
 * A medium tenant: 500 sites, 3 000 people, 5 000 jobs with checklists of 12 lines, work for two days. Measures create_job's
 * own path on a PostgreSQL of its own: occurrences and detail rows per second, memory, a run with nothing to do, and the
 * same with ten times the history in the tables. `node_modules/.bin/node bench/facility.ts`
 */
import Table from "cli-table3";
import { type Database, migrate, openPostgres, type Parameter, type Statement } from "../database/index.ts";
import { PostgresQueue, RUNTIME_MIGRATIONS, Runtime, silentLog, VirtualClock } from "../runtime/index.ts";
import { generateJob } from "../services/jobs/generation.ts";
import { jobsToGenerate } from "../services/jobs/generation-job-store.ts";
import { SERVICE_MIGRATIONS } from "../services/migrations.ts";
import { startPostgres } from "../test/support/servers/index.ts";

const NOW = Date.parse("2026-01-05T03:35:00Z");
const DAY_MS = 86_400_000;
const LANES = 4;

const server = await startPostgres({ durable: true });
const database = openPostgres({ url: server.url });
await migrate(database, [RUNTIME_MIGRATIONS, ...SERVICE_MIGRATIONS]);
const runtime = new Runtime({
  database,
  queue: (parts, expect) => new PostgresQueue(database, parts, expect),
  parts: { clock: new VirtualClock(NOW) },
});
const parts = { database, runtime, log: silentLog };

await database.script(`
  insert into site (code, name, kind) values ('C', 'Client', 'CLIENT');
  update site set client_id = id;
  insert into site (code, name, client_id, timezone)
    select 'S' || n, 'Site ' || n, (select id from site where kind = 'CLIENT'),
           (array['Asia/Kolkata', 'Europe/London', 'America/New_York'])[1 + n % 3] from generate_series(1, 500) n;
  insert into person (name, code, site_id, client_id)
    select 'P' || n, 'P' || n, s.id, s.client_id from generate_series(1, 3000) n
    join site s on s.code = 'S' || (1 + n % 500);
  insert into question (client_id, name, answer_type) select id, 'Q' || n, 'NUMERIC' from site, generate_series(1, 12) n where kind = 'CLIENT';
  insert into question_set (client_id, site_id, name)
    select client_id, id, 'Checklist' from site where kind = 'SITE';
  insert into question_set_member (client_id, question_set_id, question_id, seqno, answer_type)
    select q.client_id, s.id, q.id, row_number() over (partition by s.id order by q.id), q.answer_type
    from question q, question_set s;
  insert into job (client_id, site_id, name, cron, valid_from, valid_to, grace_time, plan_duration, expiry_time, question_set_id)
    select s.client_id, s.id, 'Job ' || n, (n % 60) || ' */' || (array[3, 4, 6, 8])[1 + n % 4] || ' * * *',
           '2025-01-01', '2030-01-01', 10, 30, 15, q.id
    from generate_series(1, 5000) n join site s on s.code = 'S' || (1 + n % 500) join question_set q on q.site_id = s.id;
  analyze;`);

interface Run {
  readonly seconds: number;
  readonly occurrences: number;
  readonly details: number;
  readonly peakMb: number;
}

/** What create_job does, without the task around it. */
async function run(now: number): Promise<Run> {
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50);
  const began = performance.now();
  let occurrences = 0;
  let details = 0;
  for (let afterId = 0; ; ) {
    const page = await jobsToGenerate(database, { isPpm: false, now, afterId, limit: 500, ids: undefined });
    const queue = page.values();
    const lane = async () => {
      for (const { id } of queue) {
        const made = await generateJob(parts, id, now);
        occurrences += made.occurrences;
        details += made.details;
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    afterId = page.at(-1)?.id ?? afterId;
    if (page.length < 500) break;
  }
  clearInterval(watch);
  return { seconds: (performance.now() - began) / 1_000, occurrences, details, peakMb: Math.round(peak / 1_048_576) };
}

const table = new Table({
  head: ["run", "seconds", "occurrences", "detail rows", "occurrences /s", "detail rows /s", "peak MB"],
  style: { head: [] },
});
const show = (name: string, { seconds, occurrences, details, peakMb }: Run) =>
  table.push([
    name,
    seconds.toFixed(2),
    occurrences,
    details,
    Math.round(occurrences / seconds),
    Math.round(details / seconds),
    peakMb,
  ]);

const first = await run(NOW);
show("two days from nothing", first);
show("again at once", await run(NOW));
const second = await run(NOW + DAY_MS / 3);
show("eight hours later", second);

// Ten times as much work that is over.
await database.script(`
  insert into jobneed (client_id, site_id, job_id, scheduled_at, plan_at, expiry_at, name, status)
    select o.client_id, o.site_id, o.job_id, o.scheduled_at - n * interval '3 days', o.plan_at - n * interval '3 days',
           o.expiry_at - n * interval '3 days', o.name, 'COMPLETED'
    from jobneed o, generate_series(1, 10) n where o.scheduled_at < '${new Date(NOW + 2 * DAY_MS).toISOString()}';
  analyze jobneed;`);
const third = await run(NOW + (2 * DAY_MS) / 3);
show("eight hours later, 10 times the rows", third);
console.log(table.toString());
const ratio = third.seconds / third.occurrences / (second.seconds / second.occurrences);
console.log(`time per occurrence against ten times the history: ${ratio.toFixed(2)}x`);

// How the statements of one job are planned on these tables: a changed definition, so that all of them are asked.
await database.query("update job set version = version + 1 where id = 1");
const explaining: Database = {
  ...database,
  transaction: (work, options) =>
    database.transaction(
      (tx) =>
        work({
          ...tx,
          async query<Row>(statement: Statement | string, parameters: readonly Parameter[] = []) {
            const text = typeof statement === "string" ? statement : statement.text;
            const { rows } = await tx.query<Record<string, string>>(`explain ${text}`, parameters);
            console.log(`\n${text.trim().split("\n")[0]} …`);
            for (const row of rows) console.log(`    ${Object.values(row)[0]}`);
            return tx.query<Row>(statement, parameters);
          },
        }),
      options,
    ),
};
console.log(await generateJob({ ...parts, database: explaining }, 1, NOW + (2 * DAY_MS) / 3));
await database.close();
await server.stop();
process.exit(0);
