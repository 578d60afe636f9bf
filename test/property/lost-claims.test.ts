/**
 * Whatever is late, lost or under way: the look for lost claims never hands back what is in hand, what was handed back
 * never begins, and in the end the books and the hands agree. Random walks on an embedded database; the answers of
 * claims, ends and looks are held back, delivered in any order, or lost.
 */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Database } from "../../database/index.ts";
import { insertTasks } from "../../runtime/caller/index.ts";
import { VirtualClock } from "../../runtime/contract/clock.ts";
import { foundation } from "../../runtime/contract/foundation.ts";
import { claimLanes } from "../../runtime/queue/claim.ts";
import { deferTasks, finishSuccesses, handBackTasks, retryTasks } from "../../runtime/results/index.ts";
import { type HeldTask, LostClaims } from "../../runtime/worker/lost-claims.ts";
import { openEmbedded } from "../support/embedded-database.ts";

const TASKS = 4;
const WORKER = "insert into worker (id, host, pid, queues, tasks, concurrency) values ('w', 'h', 1, '{}', '{}', 1)";

const COMMANDS = [
  "claim",
  "lose the answer",
  "deliver the claim",
  "end",
  "hear of the end",
  "pass the gate",
  "release",
  "pass time",
  "ask",
  "answer",
] as const;
interface Step {
  readonly name: (typeof COMMANDS)[number];
  readonly pick: number;
}
/** What chance alone seldom walks through. */
const EXAMPLES: [Step[]][] = [
  // Arrives while it is being looked for; arrives when it was handed back; waits at the gate; ends meanwhile.
  [steps("claim", "pass time", "ask", "deliver the claim", "answer")],
  [steps("claim", "pass time", "ask", "answer", "deliver the claim")],
  ...Array.from({ length: 6 }, (): [Step[]] => [steps("claim", "pass time", "ask", "answer", "deliver the claim")]),
  [
    [
      ...steps("claim"),
      { name: "deliver the claim", pick: 9 },
      ...steps("pass time", "ask", "answer", "pass the gate"),
    ],
  ],
  [steps("claim", "deliver the claim", "pass time", "ask", "end", "hear of the end", "answer")],
];

function steps(...names: Step["name"][]): Step[] {
  return names.map((name) => ({ name, pick: 7 }));
}

const step: fc.Arbitrary<Step> = fc.record({ name: fc.constantFrom(...COMMANDS), pick: fc.nat({ max: 11 }) });

let database: Database;
beforeAll(async () => {
  database = await openEmbedded();
  await database.query(WORKER);
}, 400_000);
afterAll(() => database.close());

test("what is in hand is never handed back, and what was handed back never begins", async () => {
  let handedBack = 0;
  let late = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: "max" }), async (steps) => {
      const walk = new Walk();
      await walk.begin();
      for (const { name, pick } of steps) {
        await walk.take(name, pick);
        walk.check();
      }
      await walk.finish();
      handedBack += walk.handedBack.size;
      late += walk.late;
    }),
    { numRuns: 150, examples: EXAMPLES },
  );
  expect(handedBack).toBeGreaterThan(50);
  expect(late).toBeGreaterThan(5);
}, 300_000);

interface AtGate {
  readonly task: HeldTask;
  /** It had been handed back before it came here. */
  readonly isLate: boolean;
  readonly pass: () => void;
  readonly passed: Promise<void>;
}

/** A worker's hands, and whatever is between them and the books. */
class Walk {
  readonly clock = new VirtualClock();
  readonly running = new Set<HeldTask>();
  readonly handedBack = new Set<string>();
  /** Claims that arrived after they had been handed back. */
  late = 0;
  readonly #answers: HeldTask[][] = [];
  readonly #ended: HeldTask[] = [];
  readonly #atGate: AtGate[] = [];
  #held: { readonly release: () => void; readonly look: Promise<void> } | undefined;
  #gate: Promise<void> = Promise.resolve();
  readonly #lost: LostClaims;

  constructor() {
    const { relaxed } = database;
    const late: Database = {
      ...database,
      relaxed: {
        ...relaxed,
        query: async (statement, parameters) => {
          const answer = await relaxed.query(statement, parameters);
          await this.#gate;
          return answer as never;
        },
      },
    };
    this.#lost = new LostClaims(late, foundation({ clock: this.clock }), "w", {
      tasks: () => this.running,
      handBack: async (tasks) => {
        for (const task of tasks) this.handedBack.add(fence(task));
        // One that began and ended within the look is handed back in vain: its row is gone, and the fence refuses.
        await handBackTasks(database, tasks);
      },
    });
  }

  async begin(): Promise<void> {
    const { clock } = this;
    await database.query("delete from task");
    const parts = foundation({ clock });
    await insertTasks(database, {
      name: "t",
      queue: "default",
      lane: "normal",
      priority: 5,
      state: "QUEUED",
      ids: Array.from({ length: TASKS }, () => parts.newId()),
      params: Array.from({ length: TASKS }, () => "{}"),
      createdAt: clock.now(),
    });
  }

  check(): void {
    const inHand = [...this.running, ...this.#atGate.filter(({ isLate }) => !isLate).map(({ task }) => task)];
    for (const task of inHand) expect(this.handedBack).not.toContain(fence(task));
  }

  async take(name: Step["name"], pick: number): Promise<void> {
    const { clock, running } = this;
    switch (name) {
      case "claim":
        this.#answers.push(await this.#claim());
        return;
      case "lose the answer":
        this.#answers.splice(pick % Math.max(1, this.#answers.length), 1);
        return;
      case "deliver the claim":
        for (const task of this.#answers.splice(pick % Math.max(1, this.#answers.length), 1).flat()) {
          if (pick % 3 === 0) this.#toGate(task);
          else this.#start(task);
        }
        return;
      case "pass the gate": {
        const [entry] = this.#atGate.splice(0, 1);
        if (entry === undefined) return;
        entry.pass();
        await entry.passed;
        return;
      }
      case "end": {
        const task = [...running].filter((one) => !this.#ended.includes(one))[0];
        if (task === undefined) return;
        this.#ended.push(task);
        await this.#end(task, pick);
        return;
      }
      case "hear of the end": {
        const [task] = this.#ended.splice(0, 1);
        if (task !== undefined) running.delete(task);
        return;
      }
      case "release":
        await database.query("update task set state = 'QUEUED' where state in ('RETRY', 'SCHEDULED')");
        return;
      case "pass time":
        return clock.advance((pick + 1) * 1_000);
      case "ask": {
        if (this.#held !== undefined) return;
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#gate = promise;
        this.#held = { release: resolve, look: this.#lost.look(pick === 0) };
        // The database has answered when the next question is answered.
        await database.query("select 1");
        return;
      }
      case "answer":
        this.#held?.release();
        await this.#held?.look;
        this.#held = undefined;
    }
  }

  /** What is under way arrives; after that a look finds all that was lost. */
  async finish(): Promise<void> {
    await this.take("answer", 0);
    while (this.#atGate.length > 0) await this.take("pass the gate", 0);
    while (this.#answers.length > 0) await this.take("deliver the claim", 1);
    while (this.#ended.length > 0) await this.take("hear of the end", 0);
    await this.clock.advance(10_000);
    await this.take("ask", 1);
    await this.take("answer", 0);
    this.check();
    const { rows } = await database.query<HeldTask>("select id, attempt from task where state = 'STARTED'");
    const inHand = [...this.running].map(fence).sort();
    expect(rows.map(fence).sort()).toEqual(inHand);
  }

  async #claim(): Promise<HeldTask[]> {
    const lanes = [{ queue: "default", lane: 1, weight: 1, above: 0 }];
    return claimLanes(database, "w", lanes, 2, [], this.clock.now());
  }

  /** As the rate gate does: in hand, and not yet running. */
  #toGate(task: HeldTask): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const passed = this.#lost.keep([task], promise).then(() => this.#start(task));
    this.#atGate.push({ task, isLate: this.#lost.isGiven(task), pass: resolve, passed });
  }

  #start(task: HeldTask): void {
    if (this.#lost.isGiven(task)) this.late++;
    else this.running.add(task);
  }

  async #end({ id, attempt }: HeldTask, pick: number): Promise<void> {
    const now = this.clock.now();
    if (pick % 3 === 0) {
      await finishSuccesses(database, [{ id, attempt, state: "SUCCESS", result: "1", keepMs: 1_000 }], now);
    } else if (pick % 3 === 1) await retryTasks(database, [{ id, attempt, dueAt: now, error: "{}" }], now);
    else await deferTasks(database, [{ id, attempt, dueAt: now }], false);
  }
}

function fence({ id, attempt }: Pick<HeldTask, "id" | "attempt">): string {
  return `${id}:${attempt}`;
}
