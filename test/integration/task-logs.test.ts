/** What a task's handlers said and whose child it is, over REST and from the command line. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";
import { runs } from "../../runtime/moleculer/index.ts";
import { type AccountsGateway, startTaskGateway, TOKENS } from "../support/accounts.ts";
import { eventually } from "../support/backends.ts";
import { runCommand } from "../support/command-line.ts";
import { type Facility, openFacility } from "../support/facility.ts";

const UNKNOWN = "0190aaaa-0000-7000-8000-000000000000";
const mail = defineTask({
  name: "mail",
  params: z.object({ to: z.string() }),
  queue: "email",
  maxRetries: 1,
  retryDelay: 50,
});
const slow = defineTask({ name: "slow", params: z.object({}), queue: "email" });
const round = defineTask({ name: "round", params: z.object({ to: z.array(z.string()) }), queue: "email" });

describe("the logs and the tree of a task", () => {
  let facility: Facility;
  let gateway: AccountsGateway;
  let goOn = () => {};
  beforeAll(async () => {
    facility = await openFacility("pglite");
    gateway = await startTaskGateway(facility.backend, {
      modules: [
        {
          name: "datasets",
          tasks: [mail, slow, round],
          create: () => ({
            name: "mailer",
            tasks: {
              mail: runs(mail, async ({ params, locals }) => {
                const { log, retries } = locals.task;
                log.info("connecting", { to: params.to });
                if (params.to === "nobody") {
                  log.error("\u001b[2Jconnect\nrefused", { password: "t0p" });
                  throw new Error("connect ECONNREFUSED");
                }
                if (retries === 0 && params.to === "later") throw new Error("greylisted");
                return { sent: params.to };
              }),
              slow: runs(slow, async ({ locals }) => {
                locals.task.log.info("began");
                await new Promise<void>((resolve) => {
                  goOn = resolve;
                });
                locals.task.progress(0.5, "half way");
                locals.task.log.warn("at last");
              }),
              round: runs(round, async ({ params, locals }) =>
                locals.task.waitFor(
                  params.to.map((to) => mail.with({ to })),
                  { onChildFailure: "continue" },
                ),
              ),
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

  const get = (path: string, token: string = TOKENS.viewer) => gateway.ask(token, "GET", path);
  const apium = (words: string) => runCommand({ url: gateway.url, token: TOKENS.viewer }, words.split(" "));
  const ended = async (id: string, lines: number) => {
    await gateway.runtime.result(id, "60s").catch(() => {});
    await eventually(async () => (await get(`/tasks/${id}/logs`)).body.items.length >= lines);
    return id;
  };
  const mailed = async (to: string, lines: number) => ended((await mail.enqueue(gateway.runtime, { to })).id, lines);

  test("REST pages through them for a viewer, says what is wrong, and knows no unknown task", async () => {
    const id = await mailed("nobody", 4);
    const all = await get(`/tasks/${id}/logs`);
    expect(all).toMatchObject({ status: 200, body: { nextCursor: null } });
    expect(
      all.body.items.map(({ attempt, level, message }: Record<string, unknown>) => [attempt, level, message]),
    ).toEqual([
      [1, "info", "connecting"],
      [1, "error", "\u001b[2Jconnect\nrefused"],
      [2, "info", "connecting"],
      [2, "error", "\u001b[2Jconnect\nrefused"],
    ]);
    const page = await get(`/tasks/${id}/logs?limit=3`);
    expect(page.body.items).toHaveLength(3);
    const rest = await get(`/tasks/${id}/logs?limit=3&after=${page.body.nextCursor}`);
    expect([...page.body.items, ...rest.body.items]).toEqual(all.body.items);
    expect((await get(`/tasks/${id}/logs?level=warn`)).body.items).toHaveLength(2);

    const wrong = await get(`/tasks/${id}/logs?limit=0&after=x&level=loud`);
    expect(wrong).toMatchObject({ status: 422, body: { error: { code: "PARAMS_INVALID" } } });
    expect(wrong.body.error.fields.map(({ field }: { field: string }) => field).sort()).toEqual([
      "after",
      "level",
      "limit",
    ]);
    for (const path of [`/tasks/${UNKNOWN}/logs`, "/tasks/no-id/logs", `/tasks/${UNKNOWN}/tree`, "/tasks/no-id/tree"]) {
      expect(await get(path)).toMatchObject({ status: 404, body: { error: { code: "TASK_NOT_FOUND" } } });
    }
    expect((await get(`/tasks/${id}/logs`, "no-token-of-this-system")).status).toBe(401);
    const { paths } = (await (
      await fetch(`${gateway.url}/openapi.json`, { headers: { Authorization: `Bearer ${TOKENS.viewer}` } })
    ).json()) as { paths: Record<string, { get?: { parameters: { name: string }[] } }> };
    expect(paths["/api/v1/tasks/{id}/logs"]?.get?.parameters.map(({ name }) => name)).toEqual([
      "id",
      "after",
      "limit",
      "level",
    ]);
  }, 400_000);

  test("apium logs tells the story of a task in the order of time, a line each, and ends with 1 when it failed", async () => {
    const id = await mailed("nobody", 4);
    const [plain, urgent, loud, unknown, machine] = await Promise.all([
      apium(`logs ${id}`),
      apium(`logs ${id} --level warn`),
      apium(`logs ${id} --level loud`),
      apium(`logs ${UNKNOWN}`),
      apium(`logs ${id} --json`),
    ]);
    const { code, out, error } = plain;
    expect({ code, error }).toEqual({ code: 1, error: "mail has failed\n" });
    const lines = out.trimEnd().split("\n");
    const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC {2}/;
    for (const line of lines) expect(line).toMatch(TIME);
    const [worker] = await gateway.runtime.workers();
    expect(lines.map((line) => line.replace(TIME, ""))).toEqual([
      "·       accepted: mail in email",
      `·       started: on ${worker?.id}`,
      'info    connecting  {"to":"nobody"}',
      'error   connect refused  {"password":"[redacted]"}',
      "·       attempt: retried: connect ECONNREFUSED",
      `·       #2 started: on ${worker?.id}`,
      'info    #2 connecting  {"to":"nobody"}',
      'error   #2 connect refused  {"password":"[redacted]"}',
      "·       #2 attempt: failure: connect ECONNREFUSED",
      "·       #2 FAILURE",
    ]);
    expect(urgent.out).not.toContain("connecting");
    expect(urgent.out).toContain("connect refused");
    expect(loud.code).toBe(2);
    expect(unknown).toMatchObject({ code: 1, error: expect.stringContaining("TASK_NOT_FOUND") });

    const entries = machine.out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(entries.filter(({ kind }) => kind === "log")).toMatchObject([
      { attempt: 1, level: "info", text: "connecting", data: { to: "nobody" } },
      { attempt: 1, level: "error" },
      { attempt: 2, level: "info" },
      { attempt: 2, level: "error" },
    ]);
    expect(entries.at(-1)).toMatchObject({ kind: "ended", text: "FAILURE", attempt: 2 });
  }, 400_000);

  test("apium logs --follow says each thing once while it happens, and ends with the task", async () => {
    const { id } = await slow.enqueue(gateway.runtime, {});
    const target = { url: gateway.url, token: TOKENS.viewer };
    const following = runCommand(target, ["logs", id, "--follow"], {}, (out) => {
      if (out.includes("began")) goOn();
    });
    const { code, out } = await following;
    expect(code).toBe(0);
    expect(out.match(/began/g)).toHaveLength(1);
    expect(out.match(/at last/g)).toHaveLength(1);
    expect(out).toMatch(/accepted: slow[\s\S]*started: on[\s\S]*info +began[\s\S]*warn +at last[\s\S]*SUCCESS\n$/);
  }, 400_000);

  test("apium tasks tree shows a family with its states, whichever member is asked about", async () => {
    const { id } = await round.enqueue(gateway.runtime, { to: ["a", "later", "nobody"] });
    await ended(id, 0);
    const { body } = await get(`/tasks/${id}/tree`);
    expect(body).toMatchObject({ count: 4, truncated: false, root: { id, name: "round", state: "SUCCESS" } });
    const children = body.root.children.map((child: { id: string }) => child.id);
    const again = await gateway.runtime.retry(children[2]);
    const took = / {2}\d+\.\d s/g;
    const { code, out } = await apium(`tasks tree ${children[1]}`);
    expect(code).toBe(0);
    expect(out.replace(took, "").trimEnd().split("\n")).toEqual([
      `round ${id} SUCCESS`,
      `├─ mail ${children[0]} SUCCESS`,
      `├─ mail ${children[1]} SUCCESS  ←`,
      `└─ mail ${children[2]} FAILURE  run again as ${again.id}`,
    ]);
    expect((await apium(`tasks tree ${again.id}`)).out).toContain(`in place of ${children[2]}`);
    expect(JSON.parse((await apium(`tasks tree ${id} --json`)).out)).toMatchObject({ count: 4 });
  }, 400_000);
});
