/**
 * The life of a task as a model: random command sequences against the transition table, and the same sequences against
 * the statements that really move rows, compared after every step.
 */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Database } from "../../database/index.ts";
import { insertTasks } from "../../runtime/caller/index.ts";
import { SystemClock } from "../../runtime/contract/clock.ts";
import { SystemRandom } from "../../runtime/contract/random.ts";
import { idSource } from "../../runtime/contract/task-id.ts";
import {
  type Actor,
  apply,
  isFinal,
  type Position,
  TRANSITIONS,
  type TransitionName,
} from "../../runtime/contract/task-state.ts";
import { claimRefs } from "../../runtime/queue/claim.ts";
import { deferTasks, finish, finishSuccesses, handBackTasks, retryTasks } from "../../runtime/results/index.ts";
import { openEmbedded } from "../support/embedded-database.ts";

const NAMES = Object.keys(TRANSITIONS) as TransitionName[];
const ACTORS: readonly Actor[] = ["caller", "relay", "worker", "rescuer", "joiner", "operator"];
const BEGINNING: Position = { state: "NONE", attempt: 1, retries: 0, crashes: 0 };

const step = fc.record({
  name: fc.constantFrom(...NAMES),
  actor: fc.constantFrom(...ACTORS),
  /** 0: the attempt it holds is the current one; below: a stale one. */
  staleness: fc.constantFrom(0, 0, 0, -1, -2),
  leaseLapsed: fc.boolean(),
});

describe("the transition table", () => {
  test("keeps its invariants under any sequence of commands", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let position = BEGINNING;
        for (const { name, actor, staleness, leaseLapsed } of steps) {
          const attempt = position.attempt + staleness;
          const next = apply(position, name, { actor, attempt, leaseLapsed });
          const transition = TRANSITIONS[name];
          if (isFinal(position.state)) expect(next).toBeUndefined();
          if (transition.fence === "attempt" && staleness !== 0) expect(next).toBeUndefined();
          if (transition.fence === "lease" && !leaseLapsed) expect(next).toBeUndefined();
          if (!(transition.by as readonly Actor[]).includes(actor)) expect(next).toBeUndefined();
          if (next === undefined) continue;
          expect(next.attempt).toBeGreaterThanOrEqual(position.attempt);
          // Whoever held it before must not match any more once it is handed out again.
          if (position.state === "STARTED" && !isFinal(next.state) && next.state !== "WAITING") {
            expect(next.attempt).toBe(position.attempt + 1);
          }
          expect(next.retries - position.retries).toBe(name === "retry" ? 1 : 0);
          expect(next.crashes - position.crashes).toBe(["rescue", "rescueLater", "quarantine"].includes(name) ? 1 : 0);
          position = next;
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("leads from every live state to an end", () => {
    for (const state of ["SCHEDULED", "QUEUED", "STARTED", "RETRY", "WAITING"] as const) {
      const ends = NAMES.filter((name) => {
        const { from, to } = TRANSITIONS[name];
        return (from as readonly string[]).includes(state) && isFinal(to);
      });
      expect(ends.length).toBeGreaterThan(0);
    }
  });
});

const COMMANDS = [
  "release",
  "claim",
  "defer",
  "succeed",
  "retry",
  "fail",
  "handBack",
  "abandon",
  "revoke",
  "expire",
] as const;
type Command = (typeof COMMANDS)[number];

describe("the statements that move rows", () => {
  let database: Database;
  const newId = idSource(new SystemClock(), new SystemRandom());
  beforeAll(async () => {
    database = await openEmbedded();
    await database.query(
      "insert into worker (id, host, pid, queues, tasks, concurrency) values ('w', 'h', 1, '{}', '{}', 1)",
    );
  }, 400_000);
  afterAll(() => database.close());

  /** What the row says, in the model's words. */
  async function look(id: string): Promise<Position> {
    const { rows } = await database.query<Position>(
      `select state::text as state, attempt, retries, crashes from task where id = $1::uuid
       union all select state::text, attempt, retries, crashes from task_history where id = $1::uuid`,
      [id],
    );
    expect(rows).toHaveLength(1); // never in both tables, never in none
    return rows[0] as Position;
  }

  async function execute(command: Command, id: string, attempt: number): Promise<void> {
    const now = Date.now();
    const end = { id, attempt, keepMs: 1_000 };
    switch (command) {
      case "release":
        await database.query(
          "update task set state = 'QUEUED', seq = nextval('task_seq') where id = $1::uuid and state in ('SCHEDULED', 'RETRY')",
          [id],
        );
        return;
      case "claim":
        return void (await claimRefs(database, "w", [{ id, attempt }], now));
      case "defer":
        return void (await deferTasks(database, [{ id, attempt, dueAt: now }], false));
      case "succeed":
        return void (await finishSuccesses(database, [{ ...end, state: "SUCCESS", result: "1" }], now));
      case "retry":
        return void (await retryTasks(database, [{ id, attempt, dueAt: now, error: "{}" }], now));
      case "fail":
        return void (await finish(database, "run", [{ ...end, state: "FAILURE", error: "{}" }], now));
      case "handBack":
        return void (await handBackTasks(database, [{ id, attempt }]));
      case "abandon":
        return void (await finish(database, "run", [{ ...end, state: "REVOKED", reason: "revoked" }], now));
      case "revoke":
        return void (await finish(database, "idle", [{ ...end, state: "REVOKED", reason: "revoked" }], now));
      case "expire":
        return void (await finish(
          database,
          "expired",
          [{ ...end, state: "REVOKED", reason: "expired" }],
          now + 10_000_000,
        ));
    }
  }

  test("do what the table says, step by step, stale attempts included", async () => {
    const actors: Readonly<Record<Command, Actor>> = {
      release: "relay",
      claim: "worker",
      defer: "worker",
      succeed: "worker",
      retry: "worker",
      fail: "worker",
      handBack: "worker",
      abandon: "worker",
      revoke: "operator",
      expire: "relay",
    };
    const command = fc.record({
      name: fc.constantFrom(...COMMANDS),
      stale: fc.constantFrom(false, false, false, true),
    });
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(command, { minLength: 1, maxLength: 25 }), async (isLater, commands) => {
        const id = newId();
        await insertTasks(database, {
          name: "model",
          queue: "default",
          lane: "normal",
          priority: 5,
          state: isLater ? "SCHEDULED" : "QUEUED",
          ids: [id],
          params: ["{}"],
          createdAt: Date.now(),
          expiresAt: Date.now() + 1_000_000,
        });
        let model = apply(BEGINNING, isLater ? "schedule" : "accept", { actor: "caller" }) ?? BEGINNING;
        expect(await look(id)).toEqual(model);
        for (const { name, stale } of commands) {
          const attempt = model.attempt - (stale ? 1 : 0);
          await execute(name, id, attempt);
          model = apply(model, name, { actor: actors[name], attempt }) ?? model;
          expect({ after: name, stale, row: await look(id) }).toEqual({ after: name, stale, row: model });
        }
      }),
      { numRuns: 150 },
    );
  }, 400_000);
});
