/** Figures over time, searches, counts and kinds of tasks as they are asked for: over REST, and by the command line. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { defineTask } from "../../runtime/index.ts";
import { runs } from "../../runtime/moleculer/index.ts";
import { type AccountsGateway, startTaskGateway, TOKENS } from "../support/accounts.ts";
import { eventually } from "../support/backends.ts";
import { runCommand } from "../support/command-line.ts";
import { type Facility, openFacility } from "../support/facility.ts";

const mail = defineTask({
  name: "mail",
  params: z.object({ to: z.string(), at: z.date().optional(), big: z.bigint().optional() }),
  ...{ queue: "email", priority: 7, maxRetries: 0, softTimeLimit: "10s", timeLimit: "20s", rateLimit: "1000/s" },
});
const odd = defineTask({
  name: "odd",
  // One that calls itself while it is being described.
  params: z.lazy(() => {
    throw new Error("cannot be described");
  }),
  ...{ queue: "reports", sensitive: true, concurrency: 2 },
});

describe("over REST and by the command line", () => {
  let facility: Facility;
  let gateway: AccountsGateway;
  beforeAll(async () => {
    facility = await openFacility("pglite");
    gateway = await startTaskGateway(facility.backend, {
      modules: [
        {
          name: "datasets",
          tasks: [mail, odd],
          create: () => ({
            name: "mailer",
            tasks: {
              mail: runs(mail, async ({ params }) => {
                if (params.to === "nobody") throw new Error("no such mailbox");
                return {};
              }),
            },
          }),
        },
      ],
      queues: ["email"],
    });
    for (const to of ["Anna", "Ben", "nobody"]) {
      await mail.enqueue(gateway.runtime, { to }, { headers: { tenant: to === "Ben" ? "beta" : "acme" } });
    }
    const { id } = await mail.enqueue(gateway.runtime, { to: "Zoe" }, { countdown: "1h" });
    await gateway.runtime.revoke(id);
    await mail.enqueue(gateway.runtime, { to: "later" }, { countdown: "1h" });
    await eventually(async () => (await get("/tasks?state=SUCCESS,FAILURE,REVOKED")).items.length === 4);
    await gateway.runtime.series.flush();
  });
  afterAll(async () => {
    await gateway.stop();
    await facility.backend.reset();
    await facility.backend.close();
  }, 400_000);

  const get = async (path: string) => (await gateway.ask(TOKENS.viewer, "GET", path)).body;
  const names = async (path: string) =>
    (await get(path)).items.map(({ params }: { params: { to: string } }) => params.to).sort();
  const refused = async (path: string) => {
    const { status, body } = await gateway.ask(TOKENS.viewer, "GET", path);
    return [status, body.error?.fields?.map(({ field }: { field: string }) => field)];
  };
  const apium = async (...words: string[]) => {
    const run = await runCommand({ url: gateway.url, token: TOKENS.viewer }, words);
    expect(run).toMatchObject({ code: 0, error: "" });
    return run.out;
  };

  test("tasks are found by several states, by header, by instant and by what they come from", async () => {
    expect(await names("/tasks?state=FAILURE,REVOKED")).toEqual(["Zoe", "nobody"]);
    expect(await names("/tasks?state=FAILURE&state=SCHEDULED")).toEqual(["later", "nobody"]);
    expect(await names("/tasks?header=tenant:acme")).toEqual(["Anna", "nobody"]);
    expect(await names("/tasks?header=tenant:acme&state=SUCCESS")).toEqual(["Anna"]);
    expect(await names("/tasks?header=tenant:acme&header=other:x")).toEqual([]);
    expect(await names("/tasks?q=anna")).toEqual(["Anna"]);
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    expect(await names(`/tasks?createdAfter=${hourAgo}&queue=email`)).toHaveLength(5);
    expect(await names(`/tasks?createdBefore=${hourAgo}`)).toEqual([]);
    const [failed] = (await get("/tasks?state=FAILURE")).items;
    const again = await gateway.ask(TOKENS.operator, "POST", `/tasks/${failed.id}/retry`);
    expect((await get(`/tasks?retryOf=${failed.id}`)).items.map(({ id }: { id: string }) => id)).toEqual([
      again.body.id,
    ]);
    await gateway.runtime.result(again.body.id, "60s").catch(() => {}); // What is counted next has nothing under way.
    expect((await get(`/tasks?parentId=${failed.id}`)).items).toEqual([]);
    expect((await get("/tasks?state=FAILURE")).searchedTo).toBeNull();
  });

  test("what cannot be meant is refused with its name", async () => {
    expect(await refused("/tasks?state=FAILURE,DONE")).toEqual([422, ["state"]]);
    expect(await refused("/tasks?header=tenant")).toEqual([422, ["header"]]);
    expect(await refused("/tasks?createdAfter=yesterday")).toEqual([422, ["createdAfter"]]);
    expect(await refused("/tasks?parentId=7")).toEqual([422, ["parentId"]]);
    expect(await refused("/tasks?cursor=next")).toEqual([422, ["cursor"]]);
    expect(await refused("/series?minutes=1441")).toEqual([422, ["minutes"]]);
    expect(await refused("/series?minutes=1440&step=1m")).toEqual([422, ["step"]]);
    expect(await refused("/series?queue=nowhere")).toEqual([422, ["queue"]]);
    expect(await refused("/series?from=1")).toEqual([422, ["from"]]);
  });

  test("counts and figures over time are those of what happened", async () => {
    // A count may be some seconds old, and so may what has ended.
    const counts = await eventually(async () => {
      const found = await get("/tasks/counts");
      expect(found.live).toMatchObject({ SCHEDULED: 1, QUEUED: 0, STARTED: 0, WAITING: 0 });
      expect(found.ended.day).toMatchObject({ SUCCESS: 2, REVOKED: 1 });
      expect(found.ended.hour.FAILURE).toBeGreaterThanOrEqual(1);
      return found;
    }, 60_000);
    const letters = await get("/dead-letters?limit=500");
    expect([counts.deadLetters, letters.nextCursor]).toEqual([letters.items.length, null]);
    expect(counts.deadLetters).toBeGreaterThanOrEqual(1);
    const series = await get("/series?minutes=5&step=30s&name=mail");
    expect(series.points).toHaveLength(10);
    const sum = (end: string) =>
      series.points.reduce((total: number, point: Record<string, number | null>) => total + (point[end] ?? 0), 0);
    expect([sum("done"), sum("revoked")]).toEqual([2, 1]);
    expect(series.names[0]).toMatchObject({ name: "mail", done: 2, revoked: 1 });
    expect((await gateway.ask(TOKENS.viewer, "GET", "/series?queue=email_queue")).body.queues).toHaveProperty("email");
  });

  test("kinds of tasks say what is set, who runs them, and what their parameters look like", async () => {
    const set = (what: string, body: object) => gateway.ask(TOKENS.operator, "POST", `/control/${what}`, body);
    await set("rate_limit", { task: "mail", rate: "5/m" });
    await set("time_limit", { task: "mail", hard: "15s" });
    await set("pause", { task: "odd" });
    const { items } = await get("/task-types");
    const kind = (name: string) => items.find((one: { name: string }) => one.name === name);
    expect(kind("mail")).toMatchObject({
      ...{ queue: "email", priority: 7, rateLimit: "5/m", softTimeLimit: "10s", timeLimit: "15s", pausedAt: null },
      retry: { maxRetries: 0, retryDelayMs: 10_000 },
      overrides: { rateLimit: "5/m", softTimeLimit: null, timeLimit: "15s", updatedBy: expect.any(String) },
      paramsSchema: { type: "object", required: ["to"], properties: { to: { type: "string" }, at: {}, big: {} } },
      workers: [expect.any(String)],
      lastHour: { done: 2, revoked: 1 },
    });
    expect(kind("odd")).toMatchObject({
      ...{ queue: "reports", priority: 5, timeLimit: "1h", concurrency: 2, isSensitive: true, rateLimit: null },
      ...{ pausedAt: expect.any(String), overrides: null, paramsSchema: null, workers: [] },
      lastHour: { done: 0, failed: 0, meanMs: null },
    });
    expect(kind("send_ticket_email").paramsSchema.properties).toHaveProperty("ticketId");
    expect(items.map(({ name }: { name: string }) => name)).toEqual(
      items.map(({ name }: { name: string }) => name).toSorted(),
    );
  });

  test("the command line asks for all of it", async () => {
    expect(
      await apium("tasks", "list", "--since", "2h", "--state", "REVOKED", "SUCCESS", "--header", "tenant:beta"),
    ).toMatch(/mail +email +SUCCESS/);
    expect(await apium("tasks", "list", "--until", "2020-01-01T00:00:00Z")).toContain("none");
    expect(
      JSON.parse(await apium("tasks", "list", "--state", "FAILURE,REVOKED", "--json")).items.length,
    ).toBeGreaterThan(1);
    expect(await apium("tasks", "types")).toMatch(/mail +email +5\/m +15s +0 +1 +2/);
    expect(await apium("tasks", "counts")).toMatch(/REVOKED +1 +1/);
    const drawn = await apium("series", "--minutes", "15");
    expect(drawn).toMatch(/done .*█.* 2\n/);
    expect(drawn).toMatch(/revoked .*█.* 1\n/);
    expect(JSON.parse(await apium("series", "--name", "mail", "--json")).stepMs).toBe(60_000);
    const wrong = await runCommand({ url: gateway.url, token: TOKENS.viewer }, ["tasks", "list", "--since", "soon"]);
    expect(wrong).toMatchObject({ code: 2, error: expect.stringContaining("must be written like 2h") });
  }, 400_000);
});
