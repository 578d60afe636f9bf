/** Tickets: a ticket and its mail are one transaction, numbers have no gaps and no twins, wrong input names its field. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { ServiceBroker } from "moleculer";
import type { Database } from "../../database/index.ts";
import type { Runtime } from "../../runtime/index.ts";
import { TasksMiddleware } from "../../runtime/moleculer/index.ts";
import { cacheModule } from "../../services/cache/index.ts";
import { sendTicketEmail } from "../../services/email/tasks.ts";
import { facilityModule } from "../../services/facility/index.ts";
import { ticketsModule } from "../../services/tickets/index.ts";
import type { SiteOverview } from "../../services/tickets/overview.ts";
import type { Ticket } from "../../services/tickets/store.ts";
import { readSettings } from "../../settings.ts";
import { availableBackends, type Backend, eventually, openBackend } from "../support/backends.ts";
import { cacheOf, migrateServices } from "../support/services.ts";

type Created = Ticket & { readonly emailTaskId: string };
interface Page {
  readonly items: Ticket[];
  readonly nextCursor: string | null;
}

const log = { info() {}, warn() {}, error() {} };

describe.each(availableBackends())("tickets on %s", (name) => {
  let backend: Backend;
  const brokers: ServiceBroker[] = [];
  let sites = 0;

  beforeAll(async () => {
    backend = await openBackend(name);
    await migrateServices(backend);
  }, 400_000);
  afterEach(async () => {
    await backend.reset();
    for (const broker of brokers.splice(0)) await broker.stop();
  });
  afterAll(() => backend.close());

  /** A process that takes tickets and sends no mail: the mails' tasks stay queued. */
  async function start(database: Database = backend.database): Promise<{ broker: ServiceBroker; runtime: Runtime }> {
    const runtime = backend.runtime({ queues: [] });
    runtime.define(sendTicketEmail);
    const broker = new ServiceBroker({
      logger: false,
      validator: false,
      middlewares: [TasksMiddleware(runtime)],
      skipProcessEventRegistration: true,
    });
    brokers.push(broker);
    const parts = { runtime, database, cache: cacheOf(broker, runtime), settings: readSettings({}), log };
    for (const { create } of [ticketsModule, facilityModule, cacheModule]) broker.createService(create(parts));
    await runtime.open();
    await broker.start();
    await runtime.work();
    return { broker, runtime };
  }

  function newSite(broker: ServiceBroker): Promise<{ id: number; code: string }> {
    return broker.call("facility.createSite", { code: `S-${++sites}`, name: "A site", timezone: "Europe/London" });
  }

  async function count(text: string, ...parameters: (string | number)[]): Promise<number> {
    const { rows } = await backend.database.query<{ n: number }>(`select count(*)::integer as n ${text}`, parameters);
    return rows[0]?.n ?? 0;
  }

  test("a created ticket has its number, its first history entry and its mail's task, and is announced", async () => {
    const { broker, runtime } = await start();
    const announced: unknown[] = [];
    broker.createService({
      name: "listener",
      events: { "ticket.created": (ctx: { params: unknown }) => void announced.push(ctx.params) },
    });
    const site = await newSite(broker);
    const ticket = await broker.call<Created, object>(
      "tickets.create",
      { siteId: site.id, description: "  Lift stops ", priority: "HIGH" },
      { meta: { user: { name: "olga" }, correlationId: "c-7" } },
    );
    expect(ticket).toMatchObject({
      number: `${site.code}#1`,
      description: "Lift stops",
      priority: "HIGH",
      status: "NEW",
      level: 0,
    });
    expect(await runtime.getTask(ticket.emailTaskId)).toMatchObject({
      name: "send_ticket_email",
      params: { ticketId: ticket.id, event: "created" },
      headers: { "correlation-id": "c-7" },
    });
    expect(
      await count("from ticket_history where ticket_id = $1 and actor = 'olga' and action = 'created'", ticket.id),
    ).toBe(1);
    await eventually(async () => announced.length > 0);
    expect(announced).toMatchObject([{ id: ticket.id, number: ticket.number, siteId: site.id }]);
    const { emailTaskId, ...kept } = ticket;
    await expect(broker.call("tickets.get", { id: ticket.id })).resolves.toEqual(kept);
  });

  test("twenty creations at once at one site are numbered 1 to 20", async () => {
    const { broker } = await start();
    const site = await newSite(broker);
    const tickets = await Promise.all(
      Array.from({ length: 20 }, () =>
        broker.call<Created, object>("tickets.create", { siteId: site.id, description: "at once" }),
      ),
    );
    const numbers = tickets.map(({ number }) => Number(number.split("#")[1])).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(new Set(tickets.map(({ emailTaskId }) => emailTaskId)).size).toBe(20);
  });

  test("a creation that does not commit leaves no ticket, no number and no mail", async () => {
    const { broker } = await start();
    const site = await newSite(broker);
    const tasksBefore = await count("from task where name = 'send_ticket_email'");
    const failing: Database = {
      ...portOf(backend.database),
      transaction: (work) =>
        backend.database.transaction(async (tx) => {
          await work(tx);
          throw new Error("the power went");
        }),
    };
    const { broker: unlucky } = await start(failing);
    await expect(unlucky.call("tickets.create", { siteId: site.id, description: "lost" })).rejects.toThrow(
      "the power went",
    );
    expect(await count("from ticket where site_id = $1", site.id)).toBe(0);
    expect(await count("from ticket_counter where site_id = $1", site.id)).toBe(0);
    expect(await count("from task where name = 'send_ticket_email'")).toBe(tasksBefore);
    const next = await broker.call<Created, object>("tickets.create", { siteId: site.id, description: "kept" });
    expect(next.number).toBe(`${site.code}#1`);
  });

  test("wrong input is refused with its field named, and takes no number", async () => {
    const { broker } = await start();
    const site = await newSite(broker);
    const good = { siteId: site.id, description: "x" };
    const wrong: [object, string][] = [
      [{ siteId: site.id }, "description"],
      [{ ...good, description: " " }, "description"],
      [{ ...good, description: "a\0b" }, "description"],
      [{ ...good, priority: "URGENT" }, "priority"],
      [{ ...good, siteId: 999_999 }, "siteId"],
      [{ ...good, assignedToPersonId: 999_999 }, "assignedToPersonId"],
      [{ ...good, colour: "red" }, "colour"],
    ];
    for (const [params, field] of wrong)
      await expect(broker.call("tickets.create", params)).rejects.toMatchObject({
        code: "PARAMS_INVALID",
        fields: [{ field }],
      });
    const site2 = { code: "OK-1", name: "x", timezone: "UTC" };
    for (const [params, field] of [
      [{ ...site2, timezone: "Mars/Olympus" }, "timezone"],
      [{ ...site2, code: "no spaces#" }, "code"],
      [{ ...site2, code: site.code }, "code"],
    ] as const)
      await expect(broker.call("facility.createSite", params)).rejects.toMatchObject({ fields: [{ field }] });
    const first = await broker.call<Created, object>("tickets.create", good);
    expect(first.number).toBe(`${site.code}#1`);
    await expect(broker.call("tickets.get", { id: 999_999 })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "there is no ticket 999999",
    });
  });

  test("tickets are listed newest first, page by page, by site and status", async () => {
    const { broker } = await start();
    const site = await newSite(broker);
    for (const description of ["a", "b", "c"]) await broker.call("tickets.create", { siteId: site.id, description });
    const list = (params: object): Promise<Page> => broker.call("tickets.list", { siteId: site.id, ...params });
    const first = await list({ limit: 2 });
    const second = await list({ limit: 2, cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ description }) => description)).toEqual(["c", "b", "a"]);
    expect(second.nextCursor).toBeNull();
    expect((await list({ status: "CLOSED" })).items).toEqual([]);
  });

  test("a site's overview is counted once, and anew after a ticket was committed, not before", async () => {
    const { broker } = await start();
    const site = await newSite(broker);
    const overview = () => broker.call<SiteOverview, object>("tickets.overview", { siteId: site.id });
    const create = () => broker.call("tickets.create", { siteId: site.id, description: "Lift", priority: "HIGH" });
    await create();
    const first = await overview();
    expect(first).toMatchObject({ openByPriority: { HIGH: 1 }, byStatus: { NEW: 1 } });
    expect((await overview()).computedAt).toBe(first.computedAt);
    await backend.database.query(
      "insert into ticket (number, site_id, description, created_by) values ('X#1', $1, 'y', 'z')",
      [site.id],
    );
    expect((await overview()).computedAt).toBe(first.computedAt);
    await create();
    expect(
      await eventually(async () => {
        const now = await overview();
        return now.computedAt !== first.computedAt && now;
      }),
    ).toMatchObject({ openByPriority: { HIGH: 2, LOW: 1 } });
    await expect(broker.call("tickets.overview", { siteId: 999_999 })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

/** A database whose methods can be replaced one by one. */
function portOf(database: Database): Database {
  return {
    engine: "postgres",
    hot: database.hot,
    relaxed: database.relaxed,
    query: (statement, parameters) => database.query(statement, parameters),
    kysely: () => database.kysely(),
    transaction: (work) => database.transaction(work),
    refuseWhileHeld: () => database.refuseWhileHeld(),
    script: (text) => database.script(text),
    listen: (channel, receive) => database.listen(channel, receive),
    now: () => database.now(),
    close: () => database.close(),
  };
}
