// Work is begun and done: what a phone reports of an occurrence becomes its state, its answers and, for a checkpoint, its
// tour's state, in one transaction. Reports can come twice and late: what is done stays done, and a completion that
// comes after the server closed the work counts.
import type { Transaction } from "../../database/index.ts";
import { requireReferences } from "../clients.ts";
import { refused } from "../fields.ts";
import type { Scope } from "../scope.ts";
import { type Answer, keepAnswers } from "./jobneed-answers.ts";
import { type Checkpoints, type JobneedStatus, mayBecome, TRANSITIONS, tourStatus } from "./jobneed-state.ts";
import { type Jobneed, lockJobneed } from "./jobneed-store.ts";

export interface Start {
  readonly startedAt: Date;
  readonly personId?: number | undefined;
}

/** A change of state that happened; `undefined` where the row already was as reported. */
export interface Progress {
  readonly jobneed: Jobneed;
  readonly status: JobneedStatus;
  readonly hasAlerts: boolean;
  /** The tour of a checkpoint, when its state changed too, or the row itself where it is a tour. */
  readonly tour?:
    | { readonly id: number; readonly status: JobneedStatus; readonly spawns: number | undefined }
    | undefined;
}

/** @throws ApiumError `NOT_FOUND`, `PARAMS_INVALID`. */
export async function startJobneed(
  tx: Transaction,
  scope: Scope,
  id: number,
  { startedAt, personId }: Start,
): Promise<Progress | undefined> {
  const jobneed = await lockJobneed(tx, scope, id);
  if (jobneed.status === "INPROGRESS") return undefined;
  requireTransition(jobneed.status, "INPROGRESS");
  await requireReferences(tx, jobneed.clientId, [{ field: "performedById", table: "person", id: personId }]);
  const begin = `update jobneed set status = 'INPROGRESS', started_at = coalesce(started_at, $2::timestamptz),
    performed_by_id = coalesce($3::bigint, performed_by_id)`;
  const values = [startedAt.toISOString(), personId ?? null];
  await tx.query(`${begin} where id = $1`, [id, ...values]);
  if (jobneed.parentId !== null) {
    await tx.query(`${begin} where id = $1 and status = 'ASSIGNED'`, [jobneed.parentId, ...values]);
  }
  return { jobneed, status: "INPROGRESS", hasAlerts: jobneed.hasAlerts };
}

/** Any other change of state by hand: an asset under work is WORKING, on STANDBY, in MAINTENANCE. */
export async function moveJobneed(
  tx: Transaction,
  scope: Scope,
  id: number,
  to: JobneedStatus,
): Promise<Progress | undefined> {
  const jobneed = await lockJobneed(tx, scope, id);
  if (jobneed.status === to) return undefined;
  requireTransition(jobneed.status, to);
  await tx.query("update jobneed set status = $2 where id = $1", [id, to]);
  return { jobneed, status: to, hasAlerts: jobneed.hasAlerts };
}

export interface Completion {
  readonly answers: readonly Answer[];
  readonly performedById?: number | undefined;
  readonly startedAt?: Date | undefined;
  readonly endedAt: Date;
  readonly remarks?: string | undefined;
  readonly latitude?: number | undefined;
  readonly longitude?: number | undefined;
}

/**
 * Completes an occurrence, a checkpoint or a tour. What is COMPLETED already stays untouched, whatever is sent again.
 * @throws ApiumError `NOT_FOUND`, `PARAMS_INVALID` for answers that are missing, unknown or wrong.
 */
export async function completeJobneed(
  tx: Transaction,
  scope: Scope,
  id: number,
  report: Completion,
): Promise<Progress | undefined> {
  const jobneed = await lockJobneed(tx, scope, id);
  if (jobneed.status === "COMPLETED") return undefined;
  if (report.startedAt !== undefined && report.startedAt > report.endedAt) {
    throw refused("endedAt", "must not be before startedAt");
  }
  await requireReferences(tx, jobneed.clientId, [
    { field: "performedById", table: "person", id: report.performedById },
  ]);
  const hasAlerts = await keepAnswers(tx, id, report.answers, { isComplete: true });
  const own = await checkpointsOf(tx, id);
  const status = own.total === 0 ? "COMPLETED" : tourStatus(jobneed.status, own, true);
  if (status !== jobneed.status) requireTransition(jobneed.status, status);
  await tx.query(
    `update jobneed set status = $2, has_alerts = has_alerts or $3::boolean,
       performed_by_id = coalesce($4::bigint, performed_by_id), started_at = coalesce($5::timestamptz, started_at),
       ended_at = $6::timestamptz, remarks = coalesce($7::text, remarks), latitude = coalesce($8::float8, latitude),
       longitude = coalesce($9::float8, longitude)
     where id = $1`,
    [
      id,
      status,
      hasAlerts,
      report.performedById ?? null,
      report.startedAt?.toISOString() ?? null,
      report.endedAt.toISOString(),
      report.remarks ?? null,
      report.latitude ?? null,
      report.longitude ?? null,
    ],
  );
  const tour =
    jobneed.parentId !== null
      ? await progressTour(tx, jobneed.parentId, report, hasAlerts)
      : own.total > 0
        ? { id, status, spawns: spawnedBy(jobneed, status) }
        : undefined;
  return { jobneed, status, hasAlerts, tour };
}

async function checkpointsOf(tx: Transaction, id: number): Promise<Checkpoints> {
  const { rows } = await tx.query<Checkpoints>(
    `select count(*)::integer as total, (count(*) filter (where status = 'COMPLETED'))::integer as done
     from jobneed where parent_id = $1`,
    [id],
  );
  return rows[0] as Checkpoints;
}

/** The tour was locked before its checkpoint: two checkpoints completed at once are counted one after the other. */
async function progressTour(
  tx: Transaction,
  id: number,
  report: Completion,
  hasAlerts: boolean,
): Promise<Progress["tour"]> {
  const { rows } = await tx.query<Pick<Jobneed, "status" | "isDynamic" | "jobId">>(
    `select status, is_dynamic as "isDynamic", job_id as "jobId" from jobneed where id = $1`,
    [id],
  );
  const tour = rows[0] as Pick<Jobneed, "status" | "isDynamic" | "jobId">;
  const status =
    tour.status === "COMPLETED" ? tour.status : tourStatus(tour.status, await checkpointsOf(tx, id), false);
  const startedAt = (report.startedAt ?? report.endedAt).toISOString();
  await tx.query(
    `update jobneed set status = $2, has_alerts = has_alerts or $3::boolean,
       started_at = coalesce(started_at, $4::timestamptz),
       ended_at = case when $2 = 'COMPLETED' then coalesce(ended_at, $5::timestamptz) else ended_at end
     where id = $1`,
    [id, status, hasAlerts, startedAt, report.endedAt.toISOString()],
  );
  return status === tour.status ? undefined : { id, status, spawns: spawnedBy(tour, status) };
}

/** The job whose next round begins when this one of a dynamic tour is done. */
function spawnedBy(
  { isDynamic, jobId }: Pick<Jobneed, "isDynamic" | "jobId">,
  status: JobneedStatus,
): number | undefined {
  return isDynamic && jobId !== null && status === "COMPLETED" ? jobId : undefined;
}

function requireTransition(from: JobneedStatus, to: JobneedStatus): void {
  if (mayBecome(from, to)) return;
  const next = TRANSITIONS[from];
  const choice = next.length === 0 ? "it has ended" : `it can become ${next.join(", ")}`;
  throw refused("status", `work that is ${from} cannot become ${to}: ${choice}`);
}
