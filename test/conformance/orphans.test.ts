/** Children whose parent's end was written by a process that died before it revoked them, on every backend. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { type AnyTask, defineTask, type InlineHandler, Reject, type TaskContext } from "../../runtime/index.ts";
import { OrphanSweep } from "../../runtime/maintenance/index.ts";
import { finish } from "../../runtime/results/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";

const leaf = defineTask({ name: "leaf", params: z.object({ n: z.number() }), maxRetries: 0 });
const branch = defineTask({ name: "branch", params: z.object({ leaves: z.number() }) });

function handler<Params>(task: AnyTask, run: (params: Params, context: TaskContext) => unknown): InlineHandler {
  return { task, run: (params, context) => run(params as Params, context) };
}
const leaves = (count: number) => Array.from({ length: count }, (_, n) => leaf.with({ n }));
const splits = handler<{ leaves: number }>(branch, (params, task) => task.waitFor(leaves(params.leaves)));

describe.each(availableBackends())("children of an ended parent on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend(name);
  }, 400_000);
  afterEach(() => backend.reset(), 60_000);
  afterAll(() => backend.close(), 60_000);

  /** The parent's end as it is written; what should follow never comes. */
  const endAlone = async (id: string, state: "FAILURE" | "REVOKED") => {
    const end = {
      id,
      attempt: 0,
      state,
      keepMs: 0,
      ...(state === "FAILURE" ? { error: "{}" } : { reason: "revoked" }),
    };
    const fence = state === "FAILURE" ? "waiting" : "idle";
    expect(await finish(backend.database, fence, [end as never], Date.now())).toHaveLength(1);
  };
  const childrenOf = async (id: string) => {
    const { rows } = await backend.database.query<{ id: string; state: string }>(
      `select id, state::text as state from task where parent_id = $1::uuid
       union all select id, state::text from task_history where parent_id = $1::uuid`,
      [id],
    );
    return rows;
  };
  const statesOf = async (id: string) => (await childrenOf(id)).map(({ state }) => state).sort();
  /** A caller whose background duties are not running yet. */
  const silent = async () => {
    const caller = backend.runtime({ queues: [] });
    for (const task of [leaf, branch]) caller.define(task);
    await caller.queue.start();
    return caller;
  };

  test("end revoked, and those of their children too, whoever looks next", async () => {
    const caller = await silent();
    const group = await caller.group(leaves(3));
    const outer = await caller.group([branch.with({ leaves: 2 }), leaf.with({ n: 9 })]);
    // A nested parent that waits: its process was alive for as long as it took to split.
    const [nested = ""] = (await childrenOf(outer.id)).map(({ id }) => id);
    await backend.database.query("update task set state = 'WAITING', pending_children = 1 where id = $1::uuid", [
      nested,
    ]);
    const grandchild = caller.parts.newId();
    await backend.database.query(
      `insert into task (id, name, queue, lane, priority, state, params, created_at, parent_id, child_index)
       values ($1::uuid, 'leaf', 'default', 1, 5, 'QUEUED', '{"n":1}', now(), $2::uuid, 0)`,
      [grandchild, nested],
    );
    await endAlone(group.id, "REVOKED");
    await endAlone(outer.id, "FAILURE");
    const next = backend.runtime({ queues: [] });
    await next.start();
    await eventually(async () => (await statesOf(group.id)).every((state) => state === "REVOKED"), 60_000);
    await eventually(async () => (await statesOf(outer.id)).every((state) => state === "REVOKED"), 60_000);
    await eventually(async () => (await statesOf(nested)).join() === "REVOKED", 60_000);
  }, 400_000);

  test("are told to end where they run", async () => {
    let aborted = 0;
    const runtime = await backend.running([
      handler(leaf, (_params, { signal }) => {
        return new Promise((resolve) => {
          signal.addEventListener("abort", () => resolve(++aborted));
        });
      }),
    ]);
    const group = await runtime.group(leaves(2));
    await eventually(async () => (await statesOf(group.id)).join() === "STARTED,STARTED", 60_000);
    await endAlone(group.id, "FAILURE");
    await eventually(async () => aborted === 2, 60_000);
  }, 400_000);

  test("are the only ones: families whose parents wait are left alone, nested and whatever their policy", async () => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const runtime = await backend.running([
      splits,
      handler<{ n: number }>(leaf, async ({ n }) => {
        if (n === 1) throw new Reject("no");
        await gate;
        return n;
      }),
    ]);
    const strict = await runtime.group([branch.with({ leaves: 1 }), leaf.with({ n: 0 })]);
    const tolerant = await runtime.group([leaf.with({ n: 0 }), leaf.with({ n: 1 })], { onChildFailure: "continue" });
    const chain = await runtime.chain([leaf.with({ n: 0 }), leaf.with({ n: 2 })]);
    await eventually(async () => (await statesOf(strict.id)).join() === "STARTED,WAITING", 60_000);
    await eventually(async () => (await statesOf(tolerant.id)).join() === "FAILURE,STARTED", 60_000);
    const revoked: string[] = [];
    const sweep = new OrphanSweep({
      database: backend.database,
      revoke: async (ids) => void revoked.push(...ids),
    });
    const families = new Set([strict.id, tolerant.id, chain.id]);
    await sweep.look();
    await sweep.look();
    const theirs = await Promise.all([...families].map(childrenOf));
    const own = new Set(theirs.flat().map(({ id }) => id));
    expect(revoked.filter((id) => own.has(id))).toEqual([]);
    go();
    await expect(runtime.result(strict.id, "60s")).resolves.toEqual([[0], 0]);
    await expect(runtime.result(chain.id, "60s")).resolves.toBe(2);
    await expect(runtime.result(tolerant.id, "60s")).resolves.toMatchObject([
      { state: "SUCCESS", result: 0 },
      { state: "FAILURE" },
    ]);
  }, 400_000);
});
