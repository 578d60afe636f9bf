/**
 * Judges a storm by what its workers wrote down and by the rows, and says in sentences what is wrong. A second effect,
 * a lost task and a rerun that no fault explains are different findings, so that a test can ask for each.
 */
import type { EvidenceLine } from "./evidence.ts";
import type { Fault, FaultKind, Storm } from "./storm-run.ts";
import { EFFECT_MODES, type EffectMode } from "./storm-tasks.ts";

const LEASE_MS = 7_000;
const HEARTBEAT_MS = 2_000;
/** Evidence and faults are stamped by different processes. */
const SLACK_MS = 250;

export interface EffectCount {
  readonly tasks: number;
  readonly missing: number;
  readonly doubled: number;
  readonly effects: number;
  readonly counter: number;
}

export interface Verdict {
  readonly accepted: number;
  readonly lost: number;
  readonly effects: Readonly<Record<EffectMode, EffectCount>>;
  /** Starts beyond each task's first, by what explains them. */
  readonly reruns: Readonly<Record<"threw" | "killed" | "hung" | "postgres" | "fenced" | "unexplained", number>>;
  /** From the kill of a worker to the next start elsewhere of each task it was running, in milliseconds, sorted. */
  readonly recovery: { readonly all: readonly number[]; readonly undisturbed: readonly number[] };
  /** Whatever breaks a promise, in sentences. */
  readonly problems: readonly string[];
}

export function judgeStorm(storm: Storm): Verdict {
  const problems: string[] = [];
  const expectNone = (count: number, what: string) => {
    if (count > 0) problems.push(`${count} ${what}`);
  };
  const ended = new Map(storm.history.map((row) => [row.id, row]));
  const ran = new Set(storm.evidence.filter(({ kind }) => kind === "end").map(({ id }) => id));
  const accepted = [...storm.accepted.keys()];
  const isLost = (id: string) => !ended.has(id) || (storm.accepted.get(id) === "none" && !ran.has(id));
  const lost = accepted.filter(isLost).length;
  expectNone(lost, "accepted tasks were lost: no end is in the books, or no worker ever came to their end");
  for (const { id, state, error } of storm.history.filter((row) => row.state !== "SUCCESS").slice(0, 10)) {
    problems.push(`task ${id} ended ${state}: ${error?.code ?? ""} ${error?.message ?? ""}`);
  }
  expectNone(storm.history.length - ended.size, "tasks ended twice");
  expectNone(storm.history.filter(({ id }) => !storm.accepted.has(id)).length, "tasks ended that nobody was told of");
  expectNone(ended.size - storm.results, "tasks have no result");
  expectNone(storm.open.length, "tasks are still open");
  expectNone(storm.open.filter(({ state }) => state === "STARTED").length, "tasks are still STARTED");
  expectNone(storm.ownEnds.length, `workers ended by themselves (${storm.ownEnds.join(", ")})`);
  expectNone(storm.exits.filter((exit) => exit !== 0).length, `workers did not drain (${storm.exits.join(", ")})`);
  expectNone(storm.workersLeft, "workers left their rows behind");
  const strange = Object.keys(storm.unknown).filter((code) => code !== "STORE_UNAVAILABLE");
  expectNone(strange.length, `unexpected ways to be rejected: ${strange.join(", ")}`);

  const effects = Object.fromEntries(EFFECT_MODES.map((mode) => [mode, countEffects(storm, mode)]));
  for (const [mode, { tasks, missing, doubled, effects: all, counter }] of Object.entries(effects)) {
    expectNone(doubled, `${mode} effects happened more than once`);
    expectNone(missing, `${mode} effects are missing`);
    if (all !== counter || counter !== tasks) {
      problems.push(`the ${mode} counter is ${counter} after ${all} effects of ${tasks} tasks`);
    }
  }
  const reruns = explainReruns(storm);
  expectNone(reruns.unexplained, "starts that no fault explains");
  return {
    accepted: accepted.length,
    lost,
    effects: effects as Record<EffectMode, EffectCount>,
    reruns,
    recovery: recoveries(storm),
    problems,
  };
}

function countEffects(storm: Storm, mode: EffectMode): EffectCount {
  const tasks = [...storm.accepted].filter(([, effect]) => effect === mode).map(([id]) => id);
  const counts = new Map(storm.effects.filter((row) => row.mode === mode).map(({ task_id, n }) => [task_id, n]));
  return {
    tasks: tasks.length,
    missing: tasks.filter((id) => !counts.has(id)).length,
    doubled: [...counts.values()].filter((n) => n > 1).length,
    effects: [...counts.values()].reduce((sum, n) => sum + n, 0),
    counter: storm.counters[mode],
  };
}

function byTask(lines: readonly EvidenceLine[]): Map<string, EvidenceLine[]> {
  const tasks = new Map<string, EvidenceLine[]>();
  for (const line of lines) {
    const known = tasks.get(line.id);
    if (known === undefined) tasks.set(line.id, [line]);
    else known.push(line);
  }
  return tasks;
}

/** Why the run that began with `start` was not the last: its own throw, or a fault between it and the next start. */
function explainReruns({ evidence, faults }: Storm): Verdict["reruns"] {
  const reruns = { threw: 0, killed: 0, hung: 0, postgres: 0, fenced: 0, unexplained: 0 };
  const between = (kind: FaultKind, from: number, to: number, pid?: number) =>
    faults.some(
      (fault) =>
        fault.kind === kind &&
        (pid === undefined || fault.pid === pid) &&
        fault.until >= from - SLACK_MS &&
        fault.at <= to + SLACK_MS,
    );
  for (const lines of byTask(evidence).values()) {
    const starts = lines.filter(({ kind }) => kind === "start");
    for (const [index, start] of starts.slice(0, -1).entries()) {
      const next = starts[index + 1] ?? start;
      const threw = lines.find(
        ({ kind, attempt, pid }) => kind === "threw" && attempt === start.attempt && pid === start.pid,
      );
      if (between("worker", start.at, next.at, start.pid)) reruns.killed++;
      else if (between("hang", start.at, next.at, start.pid)) reruns.hung++;
      else if (threw?.why === "on-purpose") reruns.threw++;
      else if (between("postgres", start.at, next.at)) reruns.postgres++;
      else if (threw?.why === "TASK_FENCED" && between("postgres", start.at - 2 * LEASE_MS, next.at)) reruns.fenced++;
      else reruns.unexplained++;
    }
  }
  return reruns;
}

/**
 * Runs a kill cut off in the middle. Undisturbed are those with PostgreSQL up long enough for its word on who is silent
 * to be trusted, and whose worker's death was the task's first.
 */
function recoveries({ evidence, faults }: Storm): Verdict["recovery"] {
  const all: number[] = [];
  const undisturbed: number[] = [];
  const kills = new Map(faults.filter(({ kind }) => kind === "worker").map((fault: Fault) => [fault.pid, fault.at]));
  const outages = faults.filter(({ kind }) => kind === "postgres");
  for (const lines of byTask(evidence).values()) {
    const starts = lines.filter(({ kind }) => kind === "start");
    let earlierCrashes = 0;
    for (const [index, start] of starts.slice(0, -1).entries()) {
      const killedAt = kills.get(start.pid);
      const next = starts[index + 1] ?? start;
      const isOver = lines.some(
        ({ kind, attempt, pid }) => kind !== "start" && attempt === start.attempt && pid === start.pid,
      );
      if (killedAt === undefined || isOver || next.at < killedAt) continue;
      const ms = next.at - killedAt;
      all.push(ms);
      const isDisturbed = outages.some(({ at, until }) => at <= next.at && until >= killedAt - HEARTBEAT_MS);
      if (!isDisturbed && earlierCrashes === 0 && next.attempt === start.attempt + 1) undisturbed.push(ms);
      earlierCrashes++;
    }
  }
  const sorted = (list: number[]) => list.sort((a, b) => a - b);
  return { all: sorted(all), undisturbed: sorted(undisturbed) };
}

export function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** One table, to standard error: that is what a run of the faults lets through. */
export function printTable(title: string, rows: readonly (readonly [string, string | number])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  process.stderr.write(`\n${title}\n${lines.join("\n")}\n`);
}

export function stormTable(storm: Storm, verdict: Verdict): (readonly [string, string | number])[] {
  const count = (kind: FaultKind) => storm.faults.filter((fault) => fault.kind === kind).length;
  const ms = (list: readonly number[]) =>
    list.length === 0 ? "none" : `p50 ${quantile(list, 0.5)} ms, max ${list.at(-1)} ms (${list.length} runs cut off)`;
  const rejected = Object.values(storm.unknown).reduce((sum, n) => sum + n, 0);
  const { fenced } = verdict.effects;
  const { threw, killed, hung, postgres, fenced: lease, unexplained } = verdict.reruns;
  return [
    ["seed (STORM_SEED)", storm.options.seed],
    ["tasks accepted", verdict.accepted],
    ["storm, then quiet after", `${storm.seconds.storm.toFixed(1)} s, ${storm.seconds.quiesce.toFixed(1)} s`],
    ["kill -9 of a worker", count("worker")],
    ["hangs of a worker (SIGSTOP)", count("hang")],
    ["kill -9 of nats-server", count("nats")],
    ["immediate stops of PostgreSQL", count("postgres")],
    ["enqueues rejected, outcome unknown", `${rejected}, of which stored ${storm.storedAfterAll}`],
    ["tasks lost", verdict.lost],
    [
      "fenced effects",
      `${fenced.effects} of ${fenced.tasks} tasks, doubled ${fenced.doubled}, counter ${fenced.counter}`,
    ],
    ["reruns after a throw on purpose", threw],
    ["reruns after a kill", killed],
    ["reruns after a hang", hung],
    ["reruns after PostgreSQL was away", postgres + lease],
    ["reruns unexplained", unexplained],
    ["recovery of a killed worker's task", ms(verdict.recovery.all)],
    ["  with PostgreSQL up, first death", ms(verdict.recovery.undisturbed)],
  ];
}
