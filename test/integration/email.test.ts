/** Ticket mail over real SMTP: the embedded server, and servers that refuse, stall or lose their answer. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { ServiceBroker } from "moleculer";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import type { Runtime } from "../../runtime/index.ts";
import { TasksMiddleware } from "../../runtime/moleculer/index.ts";
import { startEmbeddedMailServer } from "../../services/email/embedded-mail-server.ts";
import { emailModule } from "../../services/email/index.ts";
import { listMails, type Mail, type MailSummary } from "../../services/email/mailbox.ts";
import { sendTicketEmail } from "../../services/email/tasks.ts";
import { ticketsModule } from "../../services/tickets/index.ts";
import { readSettings } from "../../settings.ts";
import type { Backend } from "../support/backends.ts";
import { openFacility } from "../support/facility.ts";
import { cacheOf } from "../support/services.ts";

interface System {
  readonly runtime: Runtime;
  readonly mailFolder: string;
  readonly call: <Result>(action: string, params: object) => Promise<Result>;
}
interface Created {
  readonly id: number;
  readonly number: string;
  readonly emailTaskId: string;
}

const SOON = { retryDelay: 20 } as const;
const log = { info() {}, warn() {}, error() {} };
const cleanups: (() => Promise<unknown>)[] = [];

describe("ticket mail", () => {
  let backend: Backend;
  let person: { id: number; email: string; site_id: number };

  beforeAll(async () => {
    const facility = await openFacility("pglite");
    backend = facility.backend;
    await facility.makePerson(await facility.makeSite());
    person = await facility.one("select id, email, site_id from person");
  }, 400_000);
  afterEach(async () => {
    await backend.reset();
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
  afterAll(() => backend.close());

  async function start(environment: Record<string, string> = {}): Promise<System> {
    const folder = await mkdtemp(join(tmpdir(), "apium-email-"));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const runtime = backend.runtime();
    const broker = new ServiceBroker({
      logger: false,
      validator: false,
      middlewares: [TasksMiddleware(runtime)],
      skipProcessEventRegistration: true,
    });
    const settings = readSettings({ DATA_DIR: folder, ...environment });
    const parts = { runtime, database: backend.database, cache: cacheOf(broker, runtime), settings, log };
    for (const { create } of [ticketsModule, emailModule]) broker.createService(create(parts));
    await runtime.open();
    await broker.start();
    await runtime.work();
    cleanups.push(() => broker.stop());
    return { runtime, mailFolder: join(folder, "mail"), call: (action, params) => broker.call(action, params) };
  }

  const create = ({ call }: System, description = "Lift stops", assigned = true): Promise<Created> =>
    call("tickets.create", {
      siteId: person.site_id,
      description,
      ...(assigned ? { assignedToPersonId: person.id } : {}),
    });

  /** A ticket whose own mail is out of the way, and a second mail about it to watch. */
  async function send(system: System, assigned = true) {
    const { rows } = await backend.database.query<{ id: number }>(
      `insert into ticket (number, site_id, description, assigned_to_person_id, created_by)
       values ('T-' || gen_random_uuid(), $1, 'Lift stops', $2, 'test') returning id`,
      [person.site_id, assigned ? person.id : null],
    );
    return sendTicketEmail.enqueue(system.runtime, { ticketId: rows[0]?.id ?? 0, event: "updated" }, SOON);
  }

  test("arrives once, with HTML and text, under a Message-ID that is the task's", async () => {
    const system = await start();
    const ticket = await create(system);
    const messageId = `<${ticket.emailTaskId}@apium>`;
    await expect(system.runtime.result(ticket.emailTaskId)).resolves.toEqual({
      messageId,
      accepted: [person.email],
      skipped: [],
    });
    const { items } = await system.call<{ items: MailSummary[] }>("email.mailbox", {});
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ messageId, subject: expect.stringContaining(`Ticket ${ticket.number} created`) });
    const mail = await system.call<Mail>("email.mail", { file: items[0]?.file });
    expect(mail.to).toContain(person.email);
    expect(mail.from).toContain("apium@localhost");
    expect(mail.html).toContain("Lift stops");
    expect(mail.text).toContain("Lift stops");
    expect(Number.isNaN(Date.parse(mail.date ?? ""))).toBe(false);
  });

  test("cannot be given headers or markup by a description", async () => {
    const system = await start();
    const hostile = "x\r\nBcc: evil@x.example\r\n\r\n<script>alert(1)</script>";
    const ticket = await create(system, hostile);
    await expect(system.runtime.result(ticket.emailTaskId)).resolves.toMatchObject({ accepted: [person.email] });
    const { items } = await system.call<{ items: MailSummary[] }>("email.mailbox", {});
    const file = items.find(({ messageId }) => messageId?.includes(ticket.emailTaskId))?.file ?? "";
    const [head = ""] = (await readFile(join(system.mailFolder, file), "latin1")).split("\r\n\r\n");
    expect(head).not.toMatch(/^bcc:/im);
    expect(head).toMatch(new RegExp(`^X-Apium-Task: ${ticket.emailTaskId}`, "im"));
    const { html } = await system.call<Mail>("email.mail", { file });
    expect(html).not.toContain("<script>");
    expect(html).toContain("&lt;script&gt;");
  });

  test("is sent again when the server's answer is lost, and the mailbox keeps one", async () => {
    const folder = await mkdtemp(join(tmpdir(), "apium-mailbox-"));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const server = await startEmbeddedMailServer(folder, Date.now);
    cleanups.push(() => server.stop());
    const link = await losesFirstAnswer(Number(new URL(server.url).port));
    const system = await start({ SMTP_URL: link.url });
    const { id } = await send(system);
    await system.runtime.result(id);
    expect(await system.runtime.getTask(id)).toMatchObject({ state: "SUCCESS", retries: 1 });
    expect(link.mailsSeen()).toBe(2);
    expect((await listMails(folder, 10)).map(({ messageId }) => messageId)).toEqual([`<${id}@apium>`]);
  });

  test("is tried again after a 451", async () => {
    let answers = 0;
    const url = await smtp({
      onRcptTo: (_address, _session, done) => done(++answers === 1 ? reply(451, "try later") : null),
    });
    const system = await start({ SMTP_URL: url });
    const { id } = await send(system);
    await system.runtime.result(id);
    const view = await system.runtime.getTask(id);
    expect(view).toMatchObject({ state: "SUCCESS", retries: 1 });
    expect(view.attempts?.[0]?.error?.message).toContain("451");
  });

  test("becomes a dead letter at once after a 550, and after a wrong password", async () => {
    const refuses = await smtp({ onRcptTo: (_address, _session, done) => done(reply(550, "no such user")) });
    const system = await start({ SMTP_URL: refuses });
    await expectDeadLetter(system, (await send(system)).id, /550 no such user/);
    await backend.reset();
    const locked = await smtp({
      disabledCommands: ["STARTTLS"],
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: (_auth, _session, done) => done(reply(535, "wrong password")),
    });
    const again = await start({ SMTP_URL: locked.replace("smtp://", "smtp://user:secret@") });
    await expectDeadLetter(again, (await send(again)).id, /535/);
  });

  test("goes to ALERT_TO where nobody is assigned, and without it is a dead letter that says so", async () => {
    const system = await start();
    await expectDeadLetter(system, (await send(system, false)).id, /nobody to tell/);
    await backend.reset();
    const watched = await start({ ALERT_TO: "desk@x.example" });
    const { id } = await send(watched, false);
    await expect(watched.runtime.result(id)).resolves.toMatchObject({ accepted: ["desk@x.example"] });
  });

  test("reports recipients the server refused while it took the mail for others", async () => {
    const url = await smtp({
      onRcptTo: ({ address }, _session, done) => done(address.startsWith("bad") ? reply(550, "unknown") : null),
    });
    const system = await start({ SMTP_URL: url, ALERT_TO: "good@x.example,bad@x.example" });
    const { id } = await send(system, false);
    await expect(system.runtime.result(id)).resolves.toMatchObject({
      accepted: ["good@x.example"],
      skipped: ["bad@x.example"],
    });
  });

  test("about a ticket that does not exist is not retried", async () => {
    const system = await start();
    const { id } = await sendTicketEmail.enqueue(system.runtime, { ticketId: 999_999, event: "created" });
    await expectDeadLetter(system, id, /gone/);
  });

  test("is read from the mail folder only", async () => {
    const system = await start();
    for (const file of ["../settings.ts", "/etc/passwd", "..%2fx.eml", "../x.eml", "a\0.eml", "none.eml"])
      await expect(system.call("email.mail", { file })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(system.call("email.mailbox", { limit: 0 })).rejects.toMatchObject({ fields: [{ field: "limit" }] });
  });
});

async function expectDeadLetter({ runtime }: System, id: string, message: RegExp): Promise<void> {
  await expect(runtime.result(id)).rejects.toMatchObject({ code: "TASK_FAILED" });
  expect(await runtime.getTask(id)).toMatchObject({ state: "FAILURE", retries: 0, attempt: 1 });
  const letter = (await runtime.deadLetters({ queue: "email" })).items.find(({ taskId }) => taskId === id);
  expect(letter?.error).toMatchObject({ code: "TASK_REJECTED", message: expect.stringMatching(message) });
}

function reply(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

async function smtp(options: SMTPServerOptions): Promise<string> {
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    logger: false,
    onData(stream, _session, done) {
      stream.resume().on("end", () => done());
    },
    ...options,
  });
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => new Promise<void>((resolve) => server.close(resolve)));
  return `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
}

/** A line to an SMTP server that breaks when the first mail has arrived there and its answer comes back. */
async function losesFirstAnswer(port: number): Promise<{ url: string; mailsSeen(): number }> {
  let mails = 0;
  const open = new Set<Socket>();
  const link = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    let isMailComplete = false;
    let sent = "";
    client.on("data", (chunk) => {
      sent += chunk.toString("latin1"); // The end of a mail may come in pieces.
      if (sent.includes("\r\n.\r\n")) {
        mails++;
        isMailComplete = true;
        sent = "";
      }
      server.write(chunk);
    });
    server.on("data", (chunk) => {
      if (mails === 1 && isMailComplete) client.destroy();
      else client.write(chunk);
    });
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on("error", () => {}).on("close", () => [client, server].map((one) => one.destroy()));
    }
  });
  await new Promise<void>((resolve) => link.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => link.close(resolve));
  });
  return { url: `smtp://127.0.0.1:${(link.address() as AddressInfo).port}`, mailsSeen: () => mails };
}
