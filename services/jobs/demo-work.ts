// Work for the demo facility, so that a first start shows what the system does: checks that come due, a tour, planned
// maintenance with a reminder, and work that nobody does and the server closes. Loaded once, into the demo facility only.
import type { Database } from "../../database/index.ts";

const QUESTIONS = [
  ["Doors and gates locked", "CHECKBOX", null, null],
  ["Fire panel shows no fault", "CHECKBOX", null, null],
  ["Generator fuel level, per cent", "NUMERIC", 20, 100],
  ["Anything unusual?", "MULTILINE", null, null],
] as const;

const CHECKPOINTS = ["Main gate", "Loading bay", "Server room", "Roof access", "Car park"] as const;

/** Minutes. */
interface DemoJob {
  readonly name: string;
  readonly identifier: "TASK" | "INTERNALTOUR" | "PPM" | "SITEREPORT";
  readonly cron: string;
  readonly grace: number;
  readonly plan: number;
  readonly expiry: number;
  readonly notify?: "AUTOCLOSENOTIFY" | "RAISETICKETNOTIFY";
}

const JOBS: readonly DemoJob[] = [
  { name: "Hourly guard check", identifier: "TASK", cron: "0 * * * *", grace: 10, plan: 20, expiry: 10 },
  { name: "Night tour", identifier: "INTERNALTOUR", cron: "0 22 * * *", grace: 5, plan: 20, expiry: 0 },
  { name: "Weekly generator maintenance", identifier: "PPM", cron: "0 9 * * 1", grace: 30, plan: 60, expiry: 60 },
  { name: "Daily site report", identifier: "SITEREPORT", cron: "0 18 * * *", grace: 15, plan: 30, expiry: 30 },
  {
    ...{ name: "Front desk check", identifier: "TASK", cron: "*/15 * * * *", grace: 0, plan: 2, expiry: 1 },
    notify: "AUTOCLOSENOTIFY",
  },
  {
    ...{ name: "Pump house check", identifier: "TASK", cron: "5,35 * * * *", grace: 0, plan: 2, expiry: 1 },
    notify: "RAISETICKETNOTIFY",
  },
];

/** How a ticket climbs: minutes after it was opened, and to whom of its site. */
const LEVELS = [30, 120, 1_440] as const;

/** True when it was loaded just now. */
export async function loadDemoWork(database: Database): Promise<boolean> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.query<{ client: number; site: number }>(
      `select c.id::float8 as client, (select min(s.id) from site s where s.client_id = c.id and s.kind = 'SITE')::float8 as site
       from site c where c.kind = 'CLIENT' and c.code = 'DEMO' and not exists (select 1 from job where client_id = c.id)
       for update of c`,
    );
    const [demo] = rows;
    if (demo === undefined) return false;
    const { client, site } = demo;
    await tx.query(
      `update person set designation_id = (select id from type_assist where code = 'SITEINCHARGE')
       where id in (select min(id) from person where client_id = $1::bigint group by site_id)`,
      [client],
    );
    const set = await idOf(
      tx.query("insert into question_set (client_id, name) values ($1::bigint, $2) returning id::float8 as id", [
        client,
        "Guard checklist",
      ]),
    );
    for (const [index, [name, type, min, max]] of QUESTIONS.entries()) {
      await tx.query(
        `with q as (insert into question (client_id, name, answer_type, min_value, max_value)
                    values ($1::bigint, $2, $3, $4::numeric, $5::numeric) returning id)
         insert into question_set_member (client_id, question_set_id, question_id, seqno, answer_type, min_value, max_value)
         select $1::bigint, $6::bigint, q.id, $7::integer, $3, $4::numeric, $5::numeric from q`,
        [client, name, type, min, max, set, index + 1],
      );
    }
    for (const job of JOBS) {
      const id = await idOf(
        tx.query(
          `insert into job (client_id, site_id, name, identifier, cron, valid_from, valid_to, grace_time, plan_duration,
             expiry_time, question_set_id, notify_category_id, person_id, created_by)
           values ($1::bigint, $2::bigint, $3, $4, $5, now(), now() + interval '90 days', $6::integer, $7::integer,
             $8::integer, $9::bigint, (select id from type_assist where category = 'NOTIFYCATEGORY' and code = $10),
             (select max(id) from person where site_id = $2::bigint), 'demo') returning id::float8 as id`,
          [client, site, job.name, job.identifier, job.cron, job.grace, job.plan, job.expiry, set, job.notify ?? null],
        ),
      );
      if (job.identifier === "INTERNALTOUR") {
        for (const [seqno, name] of CHECKPOINTS.entries()) {
          await tx.query(
            `with a as (insert into asset (client_id, site_id, code, name, identifier)
                        values ($1::bigint, $2::bigint, $3, $4, 'CHECKPOINT') returning id)
             insert into job (client_id, site_id, parent_id, seqno, name, identifier, valid_from, valid_to, expiry_time,
               asset_id, question_set_id, created_by)
             select $1::bigint, $2::bigint, $5::bigint, $6::integer, 'Night tour', 'INTERNALTOUR', now(),
               now() + interval '90 days', $7::integer, a.id, $8::bigint, 'demo' from a`,
            [client, site, `CP-${seqno + 1}`, name, id, seqno, seqno === 0 ? 0 : 4, set],
          );
        }
      }
      if (job.identifier === "PPM") {
        await tx.query(
          `insert into escalation_matrix (client_id, site_id, job_id, level, frequency, frequency_value)
           values ($1::bigint, $2::bigint, $3::bigint, 1, 'DAY', 1)`,
          [client, site, id],
        );
      }
    }
    for (const [index, minutes] of LEVELS.entries()) {
      await tx.query(
        `insert into escalation_matrix (client_id, category_id, level, frequency, frequency_value, assigned_person_id)
         values ($1::bigint, (select id from type_assist where category = 'TICKETCATEGORY' and code = 'GENERAL'),
           $2::integer, 'MINUTE', $3::integer, (select min(id) from person where site_id = $4::bigint))`,
        [client, index + 1, minutes, site],
      );
    }
    await tx.query(
      `update ticket set category_id = (select id from type_assist where category = 'TICKETCATEGORY' and code = 'GENERAL')
       where client_id = $1::bigint and category_id is null`,
      [client],
    );
    return true;
  });
}

async function idOf(inserted: Promise<{ rows: unknown[] }>): Promise<number> {
  const { rows } = await inserted;
  return (rows[0] as { id: number }).id;
}
