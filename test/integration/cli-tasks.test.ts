/** The command line for tasks, queues and dead letters, as a process of its own: what an outage needs, from beginning to end. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";
import { runs } from "../../runtime/moleculer/index.ts";
import { type AccountsGateway, startTaskGateway, TOKENS } from "../support/accounts.ts";
import { eventually } from "../support/backends.ts";
import { runCommand } from "../support/command-line.ts";
import { type Facility, openFacility } from "../support/facility.ts";

const mail = defineTask({ name: "mail", params: z.object({ to: z.string() }), queue: "email", maxRetries: 0 });

describe("apium", () => {
  let facility: Facility;
  let gateway: AccountsGateway;
  let isServerUp = true;
  beforeAll(async () => {
    facility = await openFacility("pglite");
    gateway = await startTaskGateway(facility.backend, {
      modules: [
        {
          name: "datasets",
          tasks: [mail],
          create: () => ({
            name: "mailer",
            tasks: {
              mail: runs(mail, async ({ params, locals }) => {
                locals.task.progress(0.5, "connecting");
                if (!isServerUp) throw new Error("connect ECONNREFUSED");
                return { sent: params.to };
              }),
            },
          }),
        },
      ],
      queues: ["email"],
    });
  }, 400_000);
  afterAll(async () => {
    await gateway.stop();
    await facility.backend.reset();
    await facility.backend.close();
  }, 400_000);

  const apium = (words: string, token: string = TOKENS.operator) =>
    runCommand({ url: gateway.url, token }, words.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", "")) ?? []);
  // biome-ignore lint/suspicious/noExplicitAny: printed JSON, read field by field.
  const json = async (words: string): Promise<any> => {
    const run = await apium(`${words} --json`);
    return JSON.parse(run.out);
  };

  test("enqueues, waits, shows and follows a task", async () => {
    const done = await apium(`tasks enqueue mail '{"to":"a@example.com"}' --wait 120s`);
    expect(done).toMatchObject({ code: 0, error: "" });
    expect(done.out).toContain('"sent": "a@example.com"');
    const { items } = await json("tasks list --name mail --state SUCCESS");
    const [{ id }] = items;
    const shown = await apium(`tasks show ${id}`);
    expect(shown.out).toMatch(/state +SUCCESS/);
    expect(shown.out).toContain('{"to":"a@example.com"}');
    const logs = await apium(`logs ${id} --follow`);
    expect(logs.code).toBe(0);
    expect(logs.out).toMatch(/accepted: mail in email[\s\S]*SUCCESS/);
    const { id: again } = await json(`tasks retry ${id}`);
    expect(again).not.toBe(id);
    // The next test takes its mail server away.
    await expect(gateway.runtime.result(again, "120s")).resolves.toEqual({ sent: "a@example.com" });
  }, 400_000);

  test("an e-mail server was down: what failed is seen, the queue held, mended, and run again", async () => {
    isServerUp = false;
    const made = await Promise.all(["b", "c", "d"].map((to) => json(`tasks enqueue mail '{"to":"${to}"}'`)));
    await eventually(async () => (await json("dead-letters list")).items.length === 3, 120_000);
    const seen = await apium("dead-letters");
    expect(seen.code).toBe(0);
    expect(seen.out).toContain("connect ECONNREFUSED");
    const followed = await apium(`logs ${made[0].id} --follow`);
    expect(followed).toMatchObject({ code: 1, error: expect.stringContaining("mail has failed") });

    await apium("queues pause email");
    await json(`tasks enqueue mail '{"to":"e"}'`);
    // A count may be some seconds old.
    await eventually(async () => /email +1 .*paused by operator:/.test((await apium("queues")).out), 120_000);
    isServerUp = true;
    expect((await apium("dead-letters requeue")).code).toBe(2);
    expect((await apium("dead-letters requeue --name mail")).out).toContain("3 run again, 0 refused");
    await apium("queues resume email");
    await eventually(async () => (await json("tasks list --name mail --state SUCCESS")).items.length >= 6, 120_000);
    expect((await json("dead-letters")).items).toEqual([]);
    const audit = await apium("audit --action queue.");
    expect(audit.out).toMatch(/queue\.resume[\s\S]*queue\.pause/);
    expect(audit.out).not.toContain("more:");
    const first = await apium("audit --action queue. --actor operator --since 1h --target email --limit 1");
    const [, cursor] = /more: --cursor (\d+)/.exec(first.out) ?? [];
    const second = await apium(`audit --action queue. --target email --limit 1 --cursor ${cursor}`);
    expect(first.out + second.out).toMatch(/queue\.resume[\s\S]*queue\.pause/);
  }, 400_000);

  test("purges only what is meant, revokes, and lists workers", async () => {
    const { id } = await json(`tasks enqueue mail '{"to":"later"}' --countdown 1h`);
    const asked = await apium("queues purge email");
    expect(asked).toMatchObject({ code: 2, error: expect.stringContaining("add --yes") });
    expect((await apium(`tasks revoke ${id}`)).code).toBe(0);
    expect((await json(`tasks show ${id}`)).state).toBe("REVOKED");
    expect((await apium("queues purge email --yes")).out).toContain("0 tasks revoked");
    expect((await apium("workers")).out).toContain("email");
  }, 400_000);

  test("shows the system at a glance", async () => {
    gateway.broker.createService({ name: "scheduler", actions: { list: () => ({ items: [], nextCursor: null }) } });
    await gateway.broker.waitForServices(["scheduler"]);
    // A count may be some seconds old, and on a busy machine the worker may not answer within its two seconds.
    await eventually(async () => {
      const { code, out } = await apium("top --once");
      expect(code).toBe(0);
      expect(out).toMatch(/0 waiting {2}· {2}0 of \d+ slots busy/);
      expect(out).toMatch(/email +0 +– +\d+ +0/);
      return true;
    }, 120_000);
  }, 400_000);

  test("tells the shell what may follow", async () => {
    const { out } = await apium("completion bash");
    const offered = (line: string) => {
      const words = line.split(" ");
      const script = `${out}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _apium; echo "\${COMPREPLY[*]}"`;
      return execFileSync("bash", ["-c", script]).toString().trim().split(" ");
    };
    expect(offered("apium qu")).toEqual(["queues"]);
    expect(offered("apium queues p")).toEqual(["pause", "purge"]);
    expect(offered("apium tasks list --na")).toEqual(["--name"]);
    expect((await apium("completion fish")).out).toContain("complete -c apium");
    expect((await apium("completion cmd")).code).toBe(2);
  }, 400_000);

  test("says what is wrong, with a code for scripts", async () => {
    expect(await apium("tasks enqueue mail '{broken'")).toMatchObject({ code: 2 });
    expect(await apium("tasks enqueue nothing_of_that_name")).toMatchObject({ code: 1 });
    expect(await apium("tasks enqueue mail '{}'")).toMatchObject({
      code: 1,
      error: expect.stringContaining("params.to"),
    });
    expect(await apium("queues pause email", TOKENS.viewer)).toMatchObject({
      code: 1,
      error: expect.stringContaining("FORBIDDEN"),
    });
    expect((await runCommand({ url: "http://127.0.0.1:1", token: "x" }, ["queues"])).code).toBe(3);
  }, 400_000);
});
