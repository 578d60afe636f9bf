/**
 * Judges a fleet by what its workers wrote down, by the rows, and by what its clients saw, and says in sentences what is
 * wrong. The system's own counters are not asked.
 */
import type { Database } from "../../../database/index.ts";
import type { Failure, LoadReport } from "./client-load.ts";
import type { EventWatcher } from "./event-watcher.ts";
import type { EvidenceLine } from "./evidence.ts";
import type { Fleet, Kill, Stop } from "./fleet.ts";
import { fleetEffect } from "./fleet-tasks.ts";

/** A dead worker's task is running elsewhere within ten seconds; on a busy machine within this. */
const TAKEOVER_MS = 20_000;
/** A process that was killed is known to be dead within this. */
const KNOWN_DEAD_MS = 3_000;
/** What a watcher is told, and what a worker writes down, are stamped by different processes, events after a quarter second. */
const EDGE_MS = 10_000;

export interface Rows {
  readonly ended: readonly { readonly id: string; readonly state: string; readonly error: unknown }[];
  readonly open: number;
  readonly effects: ReadonlyMap<string, number>;
  readonly slots: readonly number[];
  readonly ticks: readonly number[];
  readonly datasets: readonly string[];
}

export async function readRows(database: Database): Promise<Rows> {
  const name = fleetEffect.taskName;
  const ended = await database.query<Rows["ended"][number]>(
    "select id, state, error from task_history where name = $1",
    [name],
  );
  const open = await database.query<{ n: number }>("select count(*)::integer as n from task where name like 'fleet.%'");
  const effects = await database.query<{ id: string; n: number }>(
    "select task_id as id, count(*)::integer as n from fleet_effect group by task_id",
  );
  const instants = async (text: string) =>
    (await database.query<{ at: number }>(text)).rows.map(({ at }) => Math.round(at));
  const datasets = await database.query<{ name: string }>("select name from dataset");
  return {
    ended: ended.rows,
    open: open.rows[0]?.n ?? 0,
    effects: new Map(effects.rows.map(({ id, n }) => [id, n])),
    slots: await instants(
      `select (extract(epoch from slot) * 1000)::float8 as at from schedule_slot
       where schedule = 'each-second' and state = 'fired' order by slot`,
    ),
    ticks: await instants("select (extract(epoch from slot) * 1000)::float8 as at from fleet_tick order by slot"),
    datasets: datasets.rows.map((row) => row.name),
  };
}

export interface FleetVerdict {
  readonly problems: readonly string[];
  readonly reruns: number;
  /** From the kill of a worker to the next start of each task it was running, sorted. */
  readonly takeovers: readonly number[];
}

export function judgeFleet(
  { kills, linesWith }: Pick<Fleet, "kills" | "linesWith">,
  load: LoadReport,
  rows: Rows,
  evidence: readonly EvidenceLine[],
  stops: readonly Stop[],
): FleetVerdict {
  const problems: string[] = [];
  const expectNone = (found: readonly unknown[], what: string) => {
    if (found.length > 0) problems.push(`${found.length} ${what}, such as ${JSON.stringify(found[0])}`);
  };
  const failed = load.failures.filter((failure) => !isCutOff(failure, kills));
  expectNone(
    failed.map((failure) => ({ ...failure, log: linesWith(correlationIdOf(failure) ?? failure.what) })),
    "requests failed",
  );
  const ended = new Map(rows.ended.map((row) => [row.id, row]));
  expectNone(
    [...load.accepted].filter((id) => !ended.has(id)),
    "accepted tasks were lost",
  );
  expectNone(
    rows.ended.filter(({ id }) => !load.accepted.has(id)),
    "tasks ended that no client was told of",
  );
  expectNone(
    rows.ended.filter(({ state }) => state !== "SUCCESS"),
    "tasks did not succeed",
  );
  if (rows.ended.length !== ended.size) problems.push("tasks ended twice");
  if (rows.open > 0) problems.push(`${rows.open} tasks are still open`);
  expectNone(
    [...load.accepted].filter((id) => !rows.effects.has(id)),
    "effects are missing",
  );
  expectNone(
    [...rows.effects].filter(([, n]) => n !== 1),
    "effects happened more than once",
  );
  expectNone(
    [...rows.effects.keys()].filter((id) => !load.accepted.has(id)),
    "effects are nobody's",
  );
  expectNone(
    stops.filter(({ exitCode }) => exitCode !== 0),
    "members did not stop in order",
  );

  const fired = new Set(rows.slots);
  const [first = 0, last = 0] = [rows.slots[0], rows.slots.at(-1)];
  const instants = Array.from({ length: (last - first) / 1_000 + 1 }, (_, n) => first + n * 1_000);
  expectNone(
    instants.filter((slot) => !fired.has(slot)),
    "slots were missed",
  );
  if (rows.slots.length !== fired.size) problems.push("slots were fired twice");
  const ticked = new Set(rows.ticks);
  expectNone(
    rows.slots.filter((slot) => !ticked.has(slot)),
    "slots fired and did not run",
  );
  if (rows.ticks.length !== ticked.size) problems.push("slots ran twice");

  const made = new Set(rows.datasets);
  if (made.size !== rows.datasets.length) problems.push("datasets were made twice");
  expectNone(
    load.datasets.made.filter((name) => !made.has(name)),
    "datasets that were made are not there",
  );

  const { reruns, takeovers, unexplained } = explainReruns(evidence, kills);
  expectNone(unexplained, "starts no kill explains");
  expectNone(
    takeovers.filter((ms) => ms > TAKEOVER_MS),
    "tasks of a killed worker were taken over late (ms)",
  );
  return { problems, reruns, takeovers };
}

/**
 * A post that nobody can repeat, under way when the process that had it was killed: whether it was done is unknown, and its
 * client is told so. Until a worker is known to be dead it is still asked.
 */
function isCutOff({ what, at, ms }: Failure, kills: readonly Kill[]): boolean {
  return what === "POST /datasets" && kills.some((kill) => at - KNOWN_DEAD_MS < kill.at && kill.at < at + ms);
}

function correlationIdOf({ why }: Failure): string | undefined {
  return /"correlationId":"([^"]+)"/.exec(why)?.[1];
}

function explainReruns(evidence: readonly EvidenceLine[], kills: readonly Kill[]) {
  const takeovers: number[] = [];
  const unexplained: EvidenceLine[] = [];
  const starts = Map.groupBy(
    evidence.filter(({ kind }) => kind === "start"),
    ({ id }) => id,
  );
  let reruns = 0;
  for (const runs of starts.values()) {
    for (const [index, run] of runs.slice(0, -1).entries()) {
      const next = runs[index + 1] ?? run;
      const kill = kills.find(({ pid, at }) => pid === run.pid && at <= next.at);
      reruns += 1;
      if (kill === undefined) unexplained.push(next);
      else takeovers.push(next.at - kill.at);
    }
  }
  return { reruns, takeovers: takeovers.sort((a, b) => a - b), unexplained };
}

/**
 * Ends that a watcher should have been told of: of runs that came to their end while it was connected without a break, on
 * workers that lived on.
 */
export function untold(watcher: EventWatcher, evidence: readonly EvidenceLine[], kills: readonly Kill[]): string[] {
  return evidence
    .filter(({ kind, at, pid }) => {
      const isCovered = watcher.stretches.some(({ from, until }) => from + EDGE_MS < at && at < until - EDGE_MS);
      const hasDied = kills.some((kill) => kill.pid === pid && kill.at < at + EDGE_MS);
      return kind === "end" && isCovered && !hasDied;
    })
    .map(({ id }) => id)
    .filter((id) => !watcher.ends.has(id));
}
