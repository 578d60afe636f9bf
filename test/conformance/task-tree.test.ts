/** The family of a task, on every backend. */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import {
  type AnyTask,
  defineTask,
  type InlineHandler,
  type TaskContext,
  type TaskNode,
  taskTree,
} from "../../runtime/index.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";

const leaf = defineTask({
  name: "leaf",
  params: z.object({ n: z.number(), fails: z.boolean().default(false) }),
  maxRetries: 0,
});
const branch = defineTask({ name: "branch", params: z.object({ leaves: z.number() }) });
const trunk = defineTask({ name: "trunk", params: z.object({ branches: z.number(), leaves: z.number() }) });

function handler<Params>(task: AnyTask, run: (params: Params, context: TaskContext) => unknown): InlineHandler {
  return { task, run: (params, context) => run(params as Params, context) };
}
const times = <Made>(count: number, make: (n: number) => Made) => Array.from({ length: count }, (_, n) => make(n));

const HANDLERS = [
  handler<{ n: number; fails: boolean }>(leaf, ({ n, fails }) => {
    if (fails) throw new Error(`leaf ${n}`);
    return n;
  }),
  handler<{ leaves: number }>(branch, ({ leaves }, task) => task.waitFor(times(leaves, (n) => leaf.with({ n })))),
  handler<{ branches: number; leaves: number }>(trunk, ({ branches, leaves }, task) =>
    task.waitFor(times(branches, () => branch.with({ leaves }))),
  ),
];

function idsOf(node: TaskNode): string[] {
  return [node.id, ...node.children.flatMap(idsOf)];
}

describe.each(availableBackends())("the tree of a task on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend(name);
  }, 400_000);
  afterEach(() => backend.reset(), 180_000);
  afterAll(() => backend.close(), 180_000);

  const treeOf = (id: string) => taskTree(backend.database.hot, id);
  const insert = (id: string, parent: string | null, index: number | null = null) =>
    backend.database.query(
      `insert into task (id, name, queue, lane, priority, state, params, created_at, due_at, parent_id, child_index)
       values ($1::uuid, 'by_hand', 'default', 1, 5, 'SCHEDULED', '{}', now(), now() + interval '1 hour', $2::uuid, $3::integer)`,
      [id, parent, index],
    );

  test("is the same whole family, whichever member is asked about, when all have ended", async () => {
    const runtime = await backend.running(HANDLERS);
    const { id } = await trunk.enqueue(runtime, { branches: 2, leaves: 3 }, { queue: "reports" });
    await runtime.result(id);
    const tree = await treeOf(id);
    expect(tree).toMatchObject({ count: 9, truncated: false });
    expect(tree.root).toMatchObject({ id, name: "trunk", queue: "reports", state: "SUCCESS", childIndex: null });
    expect(tree.root.finishedAt).not.toBeNull();
    expect(tree.root.children.map(({ name, childIndex, state }) => [name, childIndex, state])).toEqual([
      ["branch", 0, "SUCCESS"],
      ["branch", 1, "SUCCESS"],
    ]);
    for (const { children } of tree.root.children) {
      expect(children.map(({ name, childIndex }) => [name, childIndex])).toEqual(times(3, (n) => ["leaf", n]));
    }
    for (const member of idsOf(tree.root)) expect(await treeOf(member)).toEqual(tree);
  });

  test("has live and ended members side by side", async () => {
    const caller = backend.runtime({ queues: [] });
    await caller.start();
    const { id } = await caller.group([leaf.with({ n: 0 }), leaf.with({ n: 1 }, { countdown: "1h" })]);
    const [, second] = (await treeOf(id)).root.children;
    const runtime = await backend.running(HANDLERS);
    const states = async () => (await treeOf(second?.id ?? "")).root.children.map(({ state }) => state);
    await eventually(async () => (await states())[0] === "SUCCESS");
    expect(await states()).toEqual(["SUCCESS", "SCHEDULED"]);
    expect((await treeOf(id)).root.state).toBe("WAITING");
    await runtime.revoke(id);
    await eventually(async () => (await states())[1] === "REVOKED");
  }, 400_000);

  test("of one that stands alone is itself; of an unknown one, nothing", async () => {
    const runtime = await backend.running(HANDLERS);
    const { id } = await leaf.enqueue(runtime, { n: 1 });
    await runtime.result(id);
    expect(await treeOf(id)).toMatchObject({ count: 1, truncated: false, root: { id, children: [], retriedAs: null } });
    await expect(treeOf(randomUUID())).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
    await expect(treeOf("no-id")).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
  });

  test("says what was run in place of what, by retry and by requeue", async () => {
    const runtime = await backend.running(HANDLERS);
    const { id } = await leaf.enqueue(runtime, { n: 1, fails: true });
    await runtime.result(id).catch(() => {});
    const [letter] = (await runtime.deadLetters({ name: "leaf" })).items;
    const first = await runtime.requeueDeadLetter(letter?.id ?? "");
    expect((await treeOf(id)).root).toMatchObject({ retryOf: null, retriedAs: first.id });
    expect((await treeOf(first.id)).root).toMatchObject({ retryOf: id });
    const second = await runtime.retry(id);
    expect((await treeOf(id)).root.retriedAs).toBe(second.id);
    await runtime.result(first.id).catch(() => {});
    expect((await treeOf(first.id)).root).toMatchObject({ retryOf: id, retriedAs: null, state: "FAILURE" });
    await runtime.result(second.id).catch(() => {});
  });

  test("ends at five hundred tasks and says so; the way to the one asked about is in it", async () => {
    const caller = backend.runtime({ queues: [] });
    await caller.start();
    const { id } = await caller.group(times(700, (n) => leaf.with({ n })));
    const { rows } = await backend.database.query<{ id: string }>(
      "select id from task where parent_id = $1::uuid and child_index = 690",
      [id],
    );
    const last = rows[0]?.id ?? "";
    const tree = await treeOf(last);
    expect(tree).toMatchObject({ count: 500, truncated: true });
    expect(idsOf(tree.root)).toHaveLength(500);
    expect(tree.root.children.at(-1)).toMatchObject({ id: last, childIndex: 690 });
    await caller.revoke(id);
  }, 400_000);

  test("begins at the highest ancestor that is still in the books", async () => {
    const [gone, parent, child] = [randomUUID(), randomUUID(), randomUUID()];
    await insert(parent, gone);
    await insert(child, parent, 0);
    expect(await treeOf(child)).toMatchObject({
      count: 2,
      truncated: false,
      root: { id: parent, children: [{ id: child }] },
    });
    await backend.database.query("delete from task");
  });

  test("ends, whatever the rows say of each other", async () => {
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    await insert(a, b);
    await insert(b, a);
    await insert(c, b);
    const tree = await treeOf(c);
    expect(idsOf(tree.root).sort()).toEqual([a, b, c].sort());
    await backend.database.query("delete from task");
    const line = times(60, () => randomUUID());
    for (const [index, id] of line.entries()) await insert(id, line[index - 1] ?? null);
    const deep = await treeOf(line[59] ?? "");
    expect(deep.truncated).toBe(true);
    expect(idsOf(deep.root)).toEqual(line.slice(9));
    await backend.database.query("delete from task");
  });
});
