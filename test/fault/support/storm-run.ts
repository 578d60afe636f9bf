/**
 * The conductor of a storm. Everything it does follows from the seed: when which server or worker is killed or hung
 * and for how long, and what the tasks are like. It enqueues while the storm goes on, under ids of its own, so that an
 * enqueue whose outcome nobody knows can be repeated; then it waits until nothing is left to do.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, SeededRandom } from "../../../runtime/index.ts";
import { eventually } from "../../support/backends.ts";
import type { ServerHandle } from "../../support/servers/index.ts";
import { type EvidenceLine, readEvidence } from "./evidence.ts";
import type { Stage, StormWorker } from "./stage.ts";
import { type EffectMode, type StormParams, stormEffect, stormPlain } from "./storm-tasks.ts";

const WORKERS = 3;
const RELAUNCH_MS = 200;
const COULD_NOT_START = 75;
const ENQUEUE_AGAIN_MS = 100;

/** From a fault to the next of its kind, and how long it lasts; both drawn evenly between the two, in milliseconds. */
export interface Weather {
  readonly every: readonly [number, number];
  readonly lasts: readonly [number, number];
}

export type FaultKind = "worker" | "hang" | "nats" | "postgres";

export interface StormOptions {
  readonly seed: number;
  readonly tasks: number;
  readonly stormMs: number;
  /** The ways effects are written, in turn. */
  readonly modes: readonly EffectMode[];
  readonly weather: Partial<Readonly<Record<FaultKind, Weather>>>;
  /** How long the rest may take when the storm is over. */
  readonly quiesceMs: number;
  /** Share of tasks that take 0.5–2 s instead of 5–50 ms. Default 0.06. */
  readonly longShare?: number;
}

export interface Fault {
  readonly kind: FaultKind;
  readonly at: number;
  readonly until: number;
  /** The worker that was hit. */
  readonly pid: number | undefined;
}

export interface HistoryRow {
  readonly id: string;
  readonly state: string;
  readonly retries: number;
  readonly crashes: number;
  readonly error: { readonly code?: string; readonly message?: string } | null;
}

export interface Storm {
  readonly options: StormOptions;
  /** What was accepted, and the way of its effect; `none` for tasks without one. */
  readonly accepted: ReadonlyMap<string, EffectMode | "none">;
  readonly faults: readonly Fault[];
  /** Enqueues that were rejected, so that nobody knew whether they were stored, by the code they were rejected with. */
  readonly unknown: Readonly<Record<string, number>>;
  /** Those of them that had been stored. */
  readonly storedAfterAll: number;
  /** Workers that ended without being told to. */
  readonly ownEnds: readonly (number | string)[];
  readonly evidence: readonly EvidenceLine[];
  readonly history: readonly HistoryRow[];
  /** Rows of `task` when the time to quiesce was over. */
  readonly open: readonly { readonly id: string; readonly state: string; readonly worker: string | null }[];
  readonly results: number;
  readonly effects: readonly { readonly task_id: string; readonly mode: EffectMode; readonly n: number }[];
  readonly counters: Readonly<Record<EffectMode, number>>;
  /** Exit codes of the workers at the end. */
  readonly exits: readonly (number | string)[];
  readonly workersLeft: number;
  readonly seconds: { readonly storm: number; readonly quiesce: number };
}

/** STORM_SEED repeats a storm. */
export function stormSeed(): number {
  return Number(process.env.STORM_SEED ?? Math.floor(Math.random() * 2 ** 31));
}

export async function runStorm(stage: Stage, options: StormOptions): Promise<Storm> {
  const { stormMs, weather } = options;
  const random = new SeededRandom(options.seed);
  const plans = (Object.keys(weather) as FaultKind[]).map((kind) => planFaults(kind, weather[kind], stormMs, random));
  const tasks = planTasks(options, random);
  const caller = stage.runtime({ queues: [] });
  // Its rescuer asks its own registry how many crashes a task may have.
  for (const task of [stormEffect, stormPlain]) caller.define(task);
  await caller.start();
  const crew = new Crew(stage);
  await crew.assemble();

  const faults: Fault[] = [];
  const begin = Date.now();
  const play = (plan: readonly PlannedFault[]) => playFaults(plan, begin, stage, crew, faults);
  const [{ accepted, unknown, storedAfterAll }] = await Promise.all([
    enqueueAll(tasks, options, begin, (one) =>
      caller.enqueue(one.task, one.params, { taskId: one.id, priority: one.priority }),
    ),
    ...plans.map(play),
  ]);
  const stormOver = Date.now();
  const isEmpty = async () => (await openTasks(stage)).length === 0;
  await eventually(isEmpty, options.quiesceMs).catch(() => {});
  const quiet = Date.now();
  const open = await openTasks(stage);
  const exits = await crew.dismiss();
  return {
    options,
    accepted,
    faults: faults.sort((a, b) => a.at - b.at),
    unknown,
    storedAfterAll,
    ownEnds: crew.ownEnds,
    evidence: readEvidence(stage.folder),
    open,
    ...(await readBooks(stage)),
    exits,
    workersLeft: await workersLeft(stage),
    seconds: { storm: (stormOver - begin) / 1_000, quiesce: (quiet - stormOver) / 1_000 },
  };
}

interface PlannedFault {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly lastsMs: number;
  readonly slot: number;
}

function planFaults(
  kind: FaultKind,
  weather: Weather | undefined,
  stormMs: number,
  random: SeededRandom,
): PlannedFault[] {
  const plan: PlannedFault[] = [];
  if (weather === undefined) return plan;
  const between = ([least, most]: readonly [number, number]) => least + random.fraction() * (most - least);
  for (let atMs = between(weather.every); atMs < stormMs; ) {
    const lastsMs = between(weather.lasts);
    plan.push({ kind, atMs, lastsMs, slot: Math.floor(random.fraction() * WORKERS) });
    atMs += lastsMs + between(weather.every);
  }
  return plan;
}

interface PlannedTask {
  readonly id: string;
  readonly task: typeof stormEffect;
  readonly params: StormParams;
  readonly priority: number;
  readonly effect: EffectMode | "none";
}

const DEFAULT_LONG_SHARE = 0.06;
const THROWS_SHARE = 0.05;

function planTasks(
  { tasks, modes, longShare = DEFAULT_LONG_SHARE }: StormOptions,
  random: SeededRandom,
): PlannedTask[] {
  return Array.from({ length: tasks }, (_, n) => {
    const isLong = random.fraction() < longShare;
    const sleepMs = Math.round(isLong ? 500 + random.fraction() * 1_500 : 5 + random.fraction() * 45);
    const throwsFirst = random.fraction() < THROWS_SHARE;
    const mode = modes[(n >> 1) % modes.length] ?? "fenced";
    const isEffect = n % 2 === 0;
    // Mostly one lane: the upkeep must cope with lanes that never carried anything, too.
    const priority = random.fraction() < 0.02 ? 9 : 5;
    return {
      id: uuid(random),
      task: isEffect ? stormEffect : stormPlain,
      params: { n, sleepMs, throwsFirst, ...(isEffect ? { mode } : {}) },
      priority,
      effect: isEffect ? mode : "none",
    };
  });
}

function uuid(random: SeededRandom): string {
  const bytes = new Uint8Array(16);
  random.fill(bytes);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return Buffer.from(bytes)
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Bursts, spread over the storm; whatever is rejected is tried again under its id until it is accepted. */
async function enqueueAll(
  tasks: readonly PlannedTask[],
  { stormMs }: StormOptions,
  begin: number,
  enqueue: (task: PlannedTask) => Promise<{ readonly created: boolean }>,
): Promise<Pick<Storm, "accepted" | "unknown" | "storedAfterAll">> {
  const accepted = new Map<string, EffectMode | "none">();
  const unknown: Record<string, number> = {};
  let storedAfterAll = 0;
  const accept = async (task: PlannedTask): Promise<void> => {
    for (let isRepeated = false; ; isRepeated = true) {
      try {
        const { created } = await enqueue(task);
        if (isRepeated && !created) storedAfterAll++;
        accepted.set(task.id, task.effect);
        return;
      } catch (error) {
        const code = codeOf(error) ?? String(error);
        unknown[code] = (unknown[code] ?? 0) + 1;
        await sleep(ENQUEUE_AGAIN_MS);
      }
    }
  };
  const burst = 40;
  for (let at = 0; at < tasks.length; at += burst) {
    const due = begin + (stormMs * at) / tasks.length;
    if (due > Date.now()) await sleep(due - Date.now());
    await Promise.all(tasks.slice(at, at + burst).map(accept));
  }
  return { accepted, unknown, storedAfterAll };
}

/** Three workers; one that has ended is replaced. */
class Crew {
  readonly #stage: Stage;
  readonly #slots: (StormWorker | undefined)[] = [];
  readonly #killed = new Set<number>();
  readonly #replacing: Promise<void>[] = [];
  readonly ownEnds: (number | string)[] = [];
  readonly hung = new Set<StormWorker>();
  #dismissed = false;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async assemble(): Promise<void> {
    for (let slot = 0; slot < WORKERS; slot++) this.#replacing.push(this.#keep(slot));
    await Promise.all(this.#slots.map((worker) => worker?.ready));
  }

  at(slot: number): StormWorker | undefined {
    return this.#slots[slot];
  }

  async kill(worker: StormWorker): Promise<void> {
    this.#killed.add(worker.pid);
    worker.process.kill("SIGKILL");
    await worker.exited;
  }

  async dismiss(): Promise<(number | string)[]> {
    this.#dismissed = true;
    const workers = this.#slots.filter((worker) => worker !== undefined);
    // One that is still starting would end by the signal instead of draining.
    await Promise.all(workers.map(({ ready }) => ready));
    for (const { process: child } of workers) child.kill("SIGTERM");
    const exits = await Promise.all(workers.map(({ exited }) => exited));
    await Promise.all(this.#replacing);
    return exits;
  }

  async #keep(slot: number): Promise<void> {
    while (!this.#dismissed) {
      const worker = this.#stage.worker();
      this.#slots[slot] = worker;
      const exit = await worker.exited;
      this.#slots[slot] = undefined;
      if (this.#dismissed) return;
      // A server that is away is no reason to start, and none to die either.
      if (!this.#killed.has(worker.pid) && exit !== COULD_NOT_START) this.ownEnds.push(exit);
      await sleep(RELAUNCH_MS);
    }
  }
}

async function playFaults(
  plan: readonly PlannedFault[],
  begin: number,
  stage: Stage,
  crew: Crew,
  faults: Fault[],
): Promise<void> {
  for (const { kind, atMs, lastsMs, slot } of plan) {
    await sleep(Math.max(0, begin + atMs - Date.now()));
    const worker = crew.at(slot);
    const at = Date.now();
    let pid: number | undefined;
    if (kind === "worker" || kind === "hang") {
      if (worker === undefined || crew.hung.has(worker)) continue; // one that hangs is to wake up again
      pid = worker.pid;
      if (kind === "worker") await crew.kill(worker);
      else {
        crew.hung.add(worker);
        worker.process.kill("SIGSTOP");
        await sleep(lastsMs);
        worker.process.kill("SIGCONT");
        crew.hung.delete(worker);
      }
    } else await crash(kind === "nats" ? stage.nats : stage.postgres, lastsMs);
    faults.push({ kind, at, until: Date.now(), pid });
  }
}

async function crash(server: ServerHandle, downMs: number): Promise<void> {
  await server.kill(server.name === "postgres" ? "SIGQUIT" : "SIGKILL");
  await sleep(downMs);
  await server.restart({ mode: "immediate" });
}

async function openTasks(stage: Stage): Promise<Storm["open"]> {
  const { rows } = await stage.database.query<Storm["open"][number]>("select id, state, worker from task");
  return rows;
}

/** A worker that was killed is known to be lost only when its lease is over, and that waits for PostgreSQL to be back. */
async function workersLeft(stage: Stage): Promise<number> {
  const look = async () => (await stage.database.query("select 1 from worker where state <> 'lost'")).rows.length;
  await eventually(async () => (await look()) === 0, 60_000).catch(() => {});
  return look();
}

async function readBooks({ database }: Stage): Promise<Pick<Storm, "history" | "results" | "effects" | "counters">> {
  const history = await database.query<HistoryRow>("select id, state, retries, crashes, error from task_history");
  const results = await database.query<{ n: number }>("select count(distinct id)::integer as n from task_result");
  const effects = await database.query<Storm["effects"][number]>(
    "select task_id, mode, count(*)::integer as n from effect group by task_id, mode",
  );
  const counters = await database.query<{ mode: EffectMode; n: number }>(
    "select mode, sum(n)::integer as n from effect_counter group by mode",
  );
  return {
    history: history.rows,
    results: results.rows[0]?.n ?? 0,
    effects: effects.rows,
    counters: { fenced: 0, apart: 0, loose: 0, ...Object.fromEntries(counters.rows.map(({ mode, n }) => [mode, n])) },
  };
}
