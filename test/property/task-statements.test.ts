/**
 * The transition table against the statements that really move rows: random command sequences are given to both, and
 * compared after every step. The commands are the runtime's own parts (relay, claims, settlement, rescuer, expirer,
 * joiner, revocation) on a virtual clock and an embedded database.
 */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Database } from "../../database/index.ts";
import { insertTasks } from "../../runtime/caller/index.ts";
import { VirtualClock } from "../../runtime/contract/clock.ts";
import { foundation } from "../../runtime/contract/foundation.ts";
import { LANES } from "../../runtime/contract/priority.ts";
import { TaskRegistry } from "../../runtime/contract/registry.ts";
import {
  type Actor,
  apply,
  isFinal,
  type Position,
  TRANSITIONS,
  type TransitionName,
} from "../../runtime/contract/task-state.ts";
import { revokeTask } from "../../runtime/control/revoke.ts";
import { DEFAULT_MAX_CRASHES, Expirer, Joiner, Relay, Rescuer } from "../../runtime/maintenance/index.ts";
import { claimLanes, claimRefs } from "../../runtime/queue/claim.ts";
import type { TaskQueue } from "../../runtime/queue/queue.ts";
import {
  deferTasks,
  finish,
  finishSuccesses,
  handBackTasks,
  retryTasks,
  startWaiting,
} from "../../runtime/results/index.ts";
import { openEmbedded } from "../support/embedded-database.ts";

const HOUR_MS = 3_600_000;
/** Examples included. */
const NUM_RUNS = 120;
const LONGEST = 14;

const COMMANDS = [
  "release",
  "claim",
  "claimLane",
  "defer",
  "succeed",
  "retry",
  "fail",
  "handBack",
  "wait",
  "abandon",
  "join",
  "revoke",
  "expire",
  "rescue",
  "pass an hour",
] as const;

interface Command {
  readonly name: (typeof COMMANDS)[number];
  /** What is wrong with the attempt it shows; 0: nothing. */
  readonly staleness: number;
  /** For `rescue`: its worker's lease has lapsed. For `wait`: its child fails. For claims: by a worker declared lost. */
  readonly flag: boolean;
}

/** A command, or the number of one that has an effect where the task stands: chance alone would seldom get far. */
type Step = Command | number;

const anyCommand: fc.Arbitrary<Command> = fc.record({
  name: fc.constantFrom(...COMMANDS),
  staleness: fc.constantFrom(0, 0, 0, -1, 1),
  flag: fc.boolean(),
});
const step: fc.Arbitrary<Step> = fc.oneof({ weight: 3, arbitrary: fc.nat() }, { weight: 2, arbitrary: anyCommand });

function steps(...names: readonly (Command["name"] | `${Command["name"]}!`)[]): Command[] {
  return names.map((name) => ({
    name: name.replace("!", "") as Command["name"],
    staleness: 0,
    flag: name.endsWith("!"),
  }));
}

const now: Beginning = { isLater: false, expires: null, isKeyed: false };
const later: Beginning = { isLater: true, expires: 2 * 3_600_000, isKeyed: true };
/** Together they go through every row of the table that has a statement. */
const EXAMPLES: [Beginning, Step[]][] = [
  [later, steps("release", "pass an hour", "release", "claim", "succeed", "revoke")],
  [later, steps("expire", "pass an hour", "pass an hour", "claim", "expire", "release")],
  [later, steps("revoke", "pass an hour", "release")],
  [now, steps("claim", "defer", "pass an hour", "release", "claim", "retry", "revoke")],
  [now, steps("claimLane", "handBack", "claim!", "claim", "fail", "claim")],
  [now, steps("claim", "revoke", "retry", "handBack", "defer", "wait", "abandon")],
  [now, steps("claim", "revoke", "rescue", "rescue!")],
  [now, steps("claim", "wait", "join", "join")],
  [now, steps("claim", "wait!", "join")],
  [
    now,
    steps("claim", "rescue!", ...[1, 2, 3].flatMap(() => ["pass an hour", "release", "claim", "rescue!"] as const)),
  ],
];

interface Beginning {
  readonly isLater: boolean;
  readonly expires: number | null;
  readonly isKeyed: boolean;
}

const beginning: fc.Arbitrary<Beginning> = fc.record({
  isLater: fc.boolean(),
  expires: fc.option(fc.integer({ min: 1, max: 4 }).map((hours) => hours * HOUR_MS - 1)),
  isKeyed: fc.boolean(),
});

/** The model: the table's position, and what the guards beside the table look at. */
interface Model {
  position: Position;
  dueAt: number;
  expiresAt: number;
  isRevocationAsked: boolean;
  childFails: boolean;
  /** Rows that `task_attempt` must hold, by outcome. */
  attempts: Record<string, number>;
}

describe("the statements that move rows", () => {
  const clock = new VirtualClock();
  const parts = foundation({ clock });
  const queue = { dispatch() {}, expect() {}, remove: async () => {} } as unknown as TaskQueue;
  const nothing = () => {};
  let database: Database;
  let relay: Relay;
  let expirer: Expirer;
  let joiner: Joiner;
  let worker = "";

  beforeAll(async () => {
    database = await openEmbedded();
    relay = new Relay(database, queue, parts);
    expirer = new Expirer(database, parts, nothing);
    joiner = new Joiner({
      ...parts,
      database,
      resultExpiresMs: HOUR_MS,
      ended: nothing,
      spawnStep: async () => {},
      revokeChildren: async () => {},
    });
    await addWorker("ghost", "lost");
    await hire();
  }, 400_000);
  afterAll(() => database.close());

  async function addWorker(id: string, state: "running" | "lost"): Promise<void> {
    await database.query(
      `insert into worker (id, host, pid, queues, tasks, concurrency, state) values ($1, 'h', 1, '{}', '{}', 1, $2)`,
      [id, state],
    );
  }

  async function hire(): Promise<void> {
    worker = `w-${parts.newId()}`;
    await addWorker(worker, "running");
  }

  /** What the row says, in the table's words. */
  async function look(id: string): Promise<Position> {
    const { rows } = await database.query<Position>(
      `select state::text as state, attempt, retries, crashes from task where id = $1::uuid
       union all select state::text, attempt, retries, crashes from task_history where id = $1::uuid`,
      [id],
    );
    expect(rows).toHaveLength(1); // never in both tables, never in none
    return rows[0] as Position;
  }

  async function execute({ name, flag }: Command, id: string, attempt: number, isKeyed: boolean): Promise<void> {
    const now = clock.now();
    const end = { id, attempt, keepMs: 1_000 };
    const by = flag ? "ghost" : worker;
    switch (name) {
      case "pass an hour":
        return clock.advance(HOUR_MS);
      case "release":
        relay.start();
        await clock.advance(0);
        return relay.stop();
      case "claim":
        return void (await claimRefs(database, by, [{ id, attempt }], now));
      case "claimLane": {
        const lanes = LANES.map((_lane, lane) => ({ queue: "default", lane, weight: 1, above: 0 }));
        return void (await claimLanes(database, by, lanes, 10, [], now));
      }
      case "defer":
        return void (await deferTasks(database, [{ id, attempt, dueAt: now + HOUR_MS }], false));
      case "succeed": {
        const success = { ...end, state: "SUCCESS" as const, result: "1" };
        return void (await (isKeyed
          ? finish(database, "run", [success], now)
          : finishSuccesses(database, [success], now)));
      }
      case "retry":
        return void (await retryTasks(database, [{ id, attempt, dueAt: now + HOUR_MS, error: "{}" }], now));
      case "fail":
        return void (await finish(database, "run", [{ ...end, state: "FAILURE", error: "{}" }], now));
      case "handBack":
        return void (await handBackTasks(database, [{ id, attempt }]));
      case "wait": {
        const plan = JSON.stringify({ kind: "all", onChildFailure: "fail" });
        const waiting = database.transaction(async (tx) => {
          await startWaiting(tx, { id, attempt }, 0, plan);
          if (!flag) return;
          await tx.query(
            "insert into task_child (parent_id, child_index, child_id, state) values ($1::uuid, 0, $1::uuid, 'FAILURE')",
            [id],
          );
        });
        return waiting.catch((error: { code?: string }) => expect(error.code).toBe("TASK_FENCED"));
      }
      case "abandon":
        return void (await finish(database, "run", [{ ...end, state: "REVOKED", reason: "revoked" }], now));
      case "join":
        return joiner.look();
      case "revoke": {
        const revocation = { ...parts, database, queue, joinable: nothing, ended: nothing, hintRevocation: nothing };
        return void (await revokeTask(revocation, id).catch((error: { code?: string }) =>
          expect(error.code).toBe("TASK_FINISHED"),
        ));
      }
      case "expire":
        return expirer.look();
      case "rescue": {
        const ownWorkers = () => (flag ? [] : [worker]);
        await new Rescuer(database, queue, new TaskRegistry(), parts, {
          leaseMs: 0,
          ownWorkers,
          soleProcess: true,
        }).look();
        if (flag) await hire();
      }
    }
  }

  /** The row of the table a command means here, and by whom; `undefined` where a guard beside the table refuses. */
  function rowOf(model: Model, { name, flag }: Command): { name: TransitionName; actor: Actor } | undefined {
    const now = clock.now();
    const { position, isRevocationAsked } = model;
    switch (name) {
      case "pass an hour":
        return undefined;
      case "release":
        return model.dueAt <= now ? { name, actor: "relay" } : undefined;
      case "claim":
      case "claimLane":
        return flag || model.expiresAt <= now ? undefined : { name: "claim", actor: "worker" };
      case "retry":
      case "handBack":
      case "defer":
      case "wait":
        return isRevocationAsked ? undefined : { name, actor: "worker" };
      case "join":
        return { name: model.childFails ? "breakJoin" : "join", actor: "joiner" };
      case "revoke":
        return { name, actor: "operator" };
      case "expire":
        return model.expiresAt <= now ? { name, actor: "relay" } : undefined;
      case "rescue": {
        if (isRevocationAsked) return { name: "bury", actor: "rescuer" };
        if (position.crashes >= DEFAULT_MAX_CRASHES) return { name: "quarantine", actor: "rescuer" };
        return { name: position.crashes === 0 ? "rescue" : "rescueLater", actor: "rescuer" };
      }
      default:
        return { name, actor: "worker" };
    }
  }

  function follows(model: Model, command: Command): Position | undefined {
    const row = rowOf(model, command);
    // Claims of a lane take whatever attempt the row has; everything else shows the attempt it believes to hold.
    const attempt = attemptOf(model, command);
    return row && apply(model.position, row.name, { actor: row.actor, attempt, leaseLapsed: command.flag });
  }

  function commandOf(model: Model, step: Step): Command {
    if (typeof step !== "number") return step;
    const fitting = COMMANDS.flatMap((name) => [true, false].map((flag) => ({ name, flag, staleness: 0 }))).filter(
      (one) => follows(model, one) !== undefined || one.name === "pass an hour",
    );
    return fitting[step % fitting.length] as Command;
  }

  /** What a step leaves behind beside the position. */
  function follow(model: Model, step: Command, before: Position): void {
    const now = clock.now();
    const { position } = model;
    if (step.name === "revoke" && position.state === "STARTED") model.isRevocationAsked = true;
    if (position === before) return;
    if (step.name === "retry" || step.name === "defer") model.dueAt = now + HOUR_MS;
    if (step.name === "rescue") model.dueAt = now + before.crashes * 5_000;
    if (step.name === "wait") model.childFails = step.flag;
    const isLeft = before.state === "STARTED" && isFinal(position.state) && position.state !== "SUCCESS";
    const outcome = step.name === "retry" ? "retried" : isLeft ? position.state.toLowerCase() : "lost";
    if (step.name === "retry" || step.name === "rescue" || isLeft) {
      model.attempts[outcome] = (model.attempts[outcome] ?? 0) + 1;
    }
  }

  test("do what the table says, step by step, stale attempts and lost workers included", async () => {
    const reached = new Set<string>();
    const property = fc.asyncProperty(
      beginning,
      fc.array(step, { minLength: 1, maxLength: LONGEST, size: "max" }),
      async ({ isLater, expires, isKeyed }, walk) => {
        await database.query("delete from task");
        const id = parts.newId();
        const now = clock.now();
        const model: Model = {
          position: { state: "NONE", attempt: 1, retries: 0, crashes: 0 },
          dueAt: isLater ? now + HOUR_MS : now,
          expiresAt: expires === null ? Number.POSITIVE_INFINITY : now + expires,
          isRevocationAsked: false,
          childFails: false,
          attempts: {},
        };
        if (isKeyed) await database.query("insert into task_unique_key (key, task_id) values ($1, $2::uuid)", [id, id]);
        await insertTasks(database, {
          name: "model",
          queue: "default",
          lane: "normal",
          priority: 5,
          state: isLater ? "SCHEDULED" : "QUEUED",
          ids: [id],
          params: ["{}"],
          createdAt: now,
          dueAt: isLater ? model.dueAt : undefined,
          expiresAt: expires === null ? undefined : model.expiresAt,
          uniqueKey: isKeyed ? id : undefined,
        });
        model.position = apply(model.position, isLater ? "schedule" : "accept", { actor: "caller" }) as Position;
        expect(await look(id)).toEqual(model.position);
        const told: string[] = [];
        for (const step of walk) {
          const before = model.position;
          const command = commandOf(model, step);
          await execute(command, id, attemptOf(model, command), isKeyed);
          const position = follows(model, command);
          if (position !== undefined) reached.add(rowOf(model, command)?.name ?? "");
          model.position = position ?? before;
          follow(model, command, before);
          told.push(`${command.name}${command.flag ? "!" : ""} ${command.staleness} -> ${model.position.state}`);
          expect({ told, row: await look(id) }).toEqual({ told, row: model.position });
        }
        await checkTraces(id, model, isKeyed);
      },
    );
    await fc.assert(property, { numRuns: NUM_RUNS, examples: EXAMPLES });
    const elsewhere: TransitionName[] = ["accept", "schedule", "gather"];
    const rows = (Object.keys(TRANSITIONS) as TransitionName[]).filter((name) => !elsewhere.includes(name));
    expect([...reached].sort()).toEqual(rows.sort());
  }, 300_000);

  /** The rows that go with the states: dead letter, result, attempts, unique key. */
  async function checkTraces(id: string, { position, attempts }: Model, isKeyed: boolean): Promise<void> {
    const { rows } = await database.query<{ letters: number; keys: number; attempts: Record<string, number> | null }>(
      `select (select count(*)::integer from dead_letter where task_id = $1::uuid) as letters,
              (select count(*)::integer from task_unique_key where task_id = $1::uuid) as keys,
              (select json_object_agg(outcome, n) from (
                 select outcome, count(*)::integer as n from task_attempt where task_id = $1::uuid group by outcome) o
              ) as attempts`,
      [id],
    );
    expect(rows[0]).toEqual({
      letters: position.state === "FAILURE" ? 1 : 0,
      keys: isKeyed && !isFinal(position.state) ? 1 : 0,
      attempts: Object.keys(attempts).length === 0 ? null : attempts,
    });
  }
});

function attemptOf({ position }: Model, { name, staleness }: Command): number {
  return position.attempt + (name === "claimLane" ? 0 : staleness);
}
