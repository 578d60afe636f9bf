// Groups, chains and children: parents that wait, and the rows they wait for, inserted together.
import type { Database, Transaction } from "../../database/index.ts";
import { plainArray } from "../../database/index.ts";
import type { Dispatcher } from "../contract/dispatch.ts";
import { parseEnqueueOptions } from "../contract/enqueue-options.ts";
import { ApiumError } from "../contract/errors.ts";
import type { Foundation } from "../contract/foundation.ts";
import type { ChainStep, ChildFailurePolicy, ChildInsert, JoinPlan } from "../contract/join.ts";
import type { TaskRegistry } from "../contract/registry.ts";
import type { Routes } from "../contract/routes.ts";
import type { AcceptedTask, TaskCall } from "../contract/task-definition.ts";
import { inTraceOf, parted, traceEnqueue } from "../telemetry/index.ts";
import { isIdentified } from "./identity.ts";
import { insertTasks } from "./insert-tasks.ts";
import { paramsText, place } from "./prepare.ts";

/** Names of the parents that have no handler: their children are all there is to them. */
export const GROUP = "apium.group";
export const CHAIN = "apium.chain";
const PARENT_QUEUE = "default";
const MOST_CHILDREN = 100_000;

export interface CanvasParts extends Foundation {
  readonly database: Database;
  readonly dispatcher: Dispatcher;
  readonly registry: TaskRegistry;
  readonly routes: Routes;
  readonly joinable: (parentIds: readonly string[]) => void;
}

export interface ChainCall extends TaskCall {
  /** The parameter of this step that receives the result of the step before. */
  readonly into?: string | undefined;
}

export class Canvas {
  readonly #parts: CanvasParts;

  constructor(parts: CanvasParts) {
    this.#parts = parts;
  }

  /** Runs calls side by side. The group's result is the list of theirs, in order. */
  async group(
    calls: readonly TaskCall[],
    options: { readonly onChildFailure?: ChildFailurePolicy; readonly tx?: Transaction } = {},
  ): Promise<AcceptedTask<unknown[]>> {
    const plan: JoinPlan = { kind: "all", onChildFailure: options.onChildFailure ?? "fail" };
    return this.#parent(GROUP, plan, calls, calls.length, options.tx);
  }

  /** Runs calls one after the other; each may take the result of the one before into a parameter. */
  async chain(calls: readonly ChainCall[], options: { readonly tx?: Transaction } = {}): Promise<AcceptedTask> {
    const [first] = calls;
    if (first === undefined) throw new ApiumError("PARAMS_INVALID", "a chain needs at least one step");
    const steps = calls.map((call, index): ChainStep => {
      // A step that takes a result cannot be checked before it has it; the others are checked now.
      if (call.into === undefined || index === 0) paramsText(call.task, call.params);
      return { name: call.task.taskName, params: call.params, options: call.options, into: call.into };
    });
    return this.#parent(CHAIN, { kind: "chain", steps }, [first], 1, options.tx);
  }

  /** Inserts children of a parent that exists in this transaction. */
  async spawn(
    tx: Transaction,
    parentId: string,
    calls: readonly TaskCall[],
    inherited: Readonly<Record<string, string>>,
    firstIndex = 0,
  ): Promise<readonly ChildInsert[]> {
    if (calls.length > MOST_CHILDREN) {
      throw new ApiumError("PARAMS_TOO_LARGE", `${calls.length} children are more than ${MOST_CHILDREN}`);
    }
    const { newId } = this.#parts;
    const children = calls.map((call, index) => ({ id: newId(), index: firstIndex + index, call }));
    await registerChildren(tx, parentId, children);
    for (const alike of groupsOf(children)) await this.#insertAlike(tx, parentId, alike, inherited);
    return children;
  }

  /** Inserts step `index` of a chain. */
  async spawnStep(
    tx: Transaction,
    parent: { readonly id: string; readonly headers: Readonly<Record<string, string>> },
    step: ChainStep,
    index: number,
    previous: unknown,
  ): Promise<void> {
    const params = step.into === undefined ? step.params : { ...(step.params as object), [step.into]: previous };
    const call: TaskCall = {
      task: this.#parts.registry.get(step.name),
      params,
      options: step.options as TaskCall["options"],
    };
    // Whoever looks after the chain does it in passing, in the trace of something else.
    await inTraceOf(parent.headers, () => this.spawn(tx, parent.id, [call], parent.headers, index));
  }

  async #parent<Result>(
    name: string,
    plan: JoinPlan,
    calls: readonly TaskCall[],
    pending: number,
    tx: Transaction | undefined,
  ): Promise<AcceptedTask<Result>> {
    const id = this.#parts.newId();
    const work = async (open: Transaction, headers: Readonly<Record<string, string>> | undefined) => {
      await insertTasks(open, {
        name,
        queue: PARENT_QUEUE,
        lane: "normal",
        priority: 5,
        state: "WAITING",
        ids: [id],
        params: ["{}"],
        headers: headers === undefined ? undefined : JSON.stringify(headers),
        pendingChildren: pending,
        createdAt: this.#parts.clock.now(),
      });
      await open.query("update task set join_plan = $2::json where id = $1::uuid", [id, JSON.stringify(plan)]);
      await this.spawn(open, id, calls, {});
      if (calls.length === 0) open.afterCommit(() => this.#parts.joinable([id]));
    };
    return traceEnqueue(name, 1, {}, async ({ headers }) => {
      await (tx === undefined ? this.#parts.database.transaction((open) => work(open, headers)) : work(tx, headers));
      return { id, state: "WAITING", queue: PARENT_QUEUE, created: true };
    });
  }

  async #insertAlike(
    tx: Transaction,
    parentId: string,
    alike: readonly { readonly id: string; readonly index: number; readonly call: TaskCall }[],
    inherited: Readonly<Record<string, string>>,
  ): Promise<void> {
    const [{ call } = { call: undefined }] = alike;
    if (call === undefined) return;
    const { routes, clock, dispatcher } = this.#parts;
    // The trace is no header of the caller's: it does not count among the most that there may be.
    const { trace, others } = parted(inherited);
    const options = parseEnqueueOptions({ ...call.options, headers: { ...others, ...call.options?.headers } });
    if (isIdentified(options)) {
      throw new ApiumError("OPTIONS_INVALID", "children take neither taskId nor idempotencyKey nor uniqueKey");
    }
    const given = { ...options, headers: { ...trace, ...options.headers } };
    await traceEnqueue(call.task.taskName, alike.length, given, async (traced) => {
      const placement = place(call.task, traced, routes, clock);
      const { queue, lane } = placement;
      const inserted = await insertTasks(tx, {
        ...placement,
        ids: alike.map((child) => child.id),
        params: alike.map((child) => paramsText(child.call.task, child.call.params)),
        childIndexes: alike.map((child) => child.index),
        parentId,
      });
      tx.afterCommit(() => {
        if (placement.dueAt !== undefined) return dispatcher.expect(placement.dueAt);
        dispatcher.dispatch(alike.map(({ id }) => ({ id, attempt: 1, queue, lane, seq: inserted.first })));
      });
      return alike.map(({ id }) => ({ id, queue }));
    });
  }
}

/** Children of one task with the same options go in one statement, a thousand at a time. */
function groupsOf<Child extends { readonly call: TaskCall }>(children: readonly Child[]): Child[][] {
  const groups = new Map<string, Child[]>();
  for (const child of children) {
    const key = `${child.call.task.taskName} ${JSON.stringify(child.call.options ?? null)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [child]);
    else group.push(child);
  }
  return [...groups.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / 1_000) }, (_, index) =>
      group.slice(index * 1_000, (index + 1) * 1_000),
    ),
  );
}

/** Notes which child stands where; their rows are inserted by the caller's room in the same transaction. */
async function registerChildren(tx: Transaction, parentId: string, children: readonly ChildInsert[]): Promise<void> {
  if (children.length === 0) return;
  await tx.query(
    `insert into task_child (parent_id, child_index, child_id)
     select $1::uuid, u.child_index, u.id from unnest($2::text::uuid[], $3::text::integer[]) as u(id, child_index)`,
    [parentId, plainArray(children.map((child) => child.id)), plainArray(children.map((child) => child.index))],
  );
}
