/** A revocation that was asked for while its task ran is not lost, whichever way the run goes on. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { defineTask, type InlineHandler, type Runtime } from "../../runtime/index.ts";
import { type Backend, eventually, openBackend } from "../support/backends.ts";

describe("a task that was revoked while it ran", () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend("pglite");
  }, 400_000);
  afterEach(() => backend.reset(), 180_000);
  afterAll(() => backend.close(), 180_000);

  const child = defineTask({ name: "child", params: z.object({}) });
  const stubborn = defineTask({ name: "stubborn", params: z.object({}), maxRetries: 0 });

  /** A runtime on which `stubborn` runs, does not listen to its signal, and goes on when it is let go. */
  async function running(goOn: InlineHandler["run"]): Promise<{ runtime: Runtime; id: string; letGo: () => void }> {
    const gate = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    const handler: InlineHandler = {
      task: stubborn,
      run: async (params, task) => {
        began.resolve();
        await gate.promise;
        return goOn(params, task);
      },
    };
    const runtime = await backend.running([handler, { task: child, run: () => 1 }]);
    const { id } = await stubborn.enqueue(runtime, {});
    await began.promise;
    await expect(runtime.revoke(id)).resolves.toBe("requested");
    return { runtime, id, letGo: gate.resolve };
  }

  test("is over when its worker drains, and stays in no worker's hands", async () => {
    const { runtime, id, letGo } = await running(() => 1);
    await runtime.drain(20);
    letGo();
    const { rows } = await backend.database.query(
      "select 1 from task t where id = $1::uuid and not exists (select 1 from worker w where w.id = t.worker)",
      [id],
    );
    expect(rows).toEqual([]);
    await expect(runtime.getTask(id)).resolves.toMatchObject({ state: "REVOKED" });
  });

  test("does not go on as a parent of children", async () => {
    const { runtime, id, letGo } = await running((_params, task) => task.waitFor([child.with({}), child.with({})]));
    letGo();
    const ended = await eventually(async () => {
      const view = await runtime.getTask(id);
      return view.finishedAt === null ? undefined : view;
    });
    expect(ended.state).toBe("REVOKED");
  });
});
