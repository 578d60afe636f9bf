/**
 * An e-mail server was down: the product as it is started, embedded and distributed; one operator, once with the command
 * line alone and once with the REPL alone. docs/walkthrough-mail-down.md tells it to people.
 */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { eventually } from "../support/backends.ts";
import { runCommand } from "../support/command-line.ts";
import { liveThroughTheOutage, type Outage, TYPED } from "../support/mail-outage.ts";
import { MailServer } from "../support/mail-server.ts";
import { words } from "../support/parity-faces.ts";
import { client, start } from "../support/programs.ts";
import { openRepl } from "../support/repl.ts";
import { startNats } from "../support/servers/index.ts";
import { createDatabase } from "../support/temporary-database.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TOKEN = "operator-token-of-the-walk-through";
const ADMIN = "admin-token-of-the-walk-through";
const PAGE = new URL("../../docs/walkthrough-mail-down.md", import.meta.url);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 400_000);

interface System {
  readonly url: string;
  readonly siteId: number;
  readonly personId: number;
}

function folder(): string {
  const made = temporaryFolder();
  cleanups.push(() => made.remove());
  return made.path;
}

async function running(settings: Readonly<Record<string, string>>): Promise<string> {
  const program = await start({ API_TOKENS: `operator:${TOKEN},admin:${ADMIN}`, ...settings });
  cleanups.push(() => program.stop());
  return program.url;
}

async function embedded(mail: MailServer): Promise<System> {
  const url = await running({ DATA_DIR: folder(), SMTP_URL: mail.url });
  return { url, siteId: 1, personId: 1 };
}

/** A gateway, a worker for the tickets and one for the mail, over NATS and PostgreSQL. */
async function distributed(mail: MailServer): Promise<System> {
  const database = await createDatabase(process.env.TEST_DATABASE_URL ?? "");
  cleanups.push(() => database.drop());
  const nats = await startNats();
  cleanups.push(() => nats.stop());
  const common = { DATABASE_URL: database.url, NATS_URL: nats.url, SMTP_URL: mail.url, DATA_DIR: folder() };
  const url = await running({ ...common, SERVICES: "gateway,scheduler", QUEUES: "" });
  await running({ ...common, SERVICES: "tickets", QUEUES: "default" });
  await running({ ...common, SERVICES: "email", QUEUES: "email" });
  // A gateway hears of a process that is ready a moment after it is.
  const site = await eventually(async () => {
    const made = await client(url, ADMIN).post("/sites", { code: "PNQ", name: "Pune", timezone: "Asia/Kolkata" });
    return made.status === 201 && made;
  }, 90_000);
  const { default: pg } = await import("pg");
  const direct = new pg.Client(database.url);
  await direct.connect();
  const person = await direct.query("insert into person (name, email) values ('M', 'm@facility.example') returning id");
  await direct.end();
  return { url, siteId: Number(site.body.id), personId: Number(person.rows[0].id) };
}

const PROMPTS: Readonly<Record<string, (url: string) => Promise<Outage["type"]>>> = {
  "the command line": async (url) => async (line) => {
    const { out, error } = await runCommand({ url, token: TOKEN }, words(line));
    return `${out}${error}`;
  },
  "the REPL": async (url) => {
    const repl = await openRepl({ HOME: folder(), APIUM_URL: url, APIUM_TOKEN: TOKEN });
    cleanups.push(() => repl.leave());
    return async (line) => {
      const { out, error } = await repl.type(line);
      return `${out}${error}`;
    };
  },
};

const hasServers = process.env.TEST_DATABASE_URL !== undefined || process.env.CI === "true";
/** The prompts speak the same API to either system. */
const WHERE: Readonly<Record<string, (mail: MailServer) => Promise<System>>> = {
  "the command line": hasServers ? distributed : embedded,
  "the REPL": embedded,
};

describe("an e-mail server that was down is lived through", () => {
  test.each(Object.entries(PROMPTS))(
    "from %s alone",
    async (prompt, open) => {
      const mail = await MailServer.open();
      cleanups.push(() => mail.down());
      const { url, siteId, personId } = await (WHERE[prompt] ?? embedded)(mail);
      const api = client(url, ADMIN);
      await liveThroughTheOutage({
        mail,
        type: await open(url),
        async openTicket(description) {
          const ticket = await api.post("/tickets", { siteId, description, assignedToPersonId: personId });
          expect(ticket.status).toBe(201);
          return String(ticket.body.emailTaskId);
        },
      });
    },
    600_000,
  );
});

test("the page has every command that was typed, and no other, for both prompts", () => {
  const page = readFileSync(PAGE, "utf8");
  const typed = (prompt: RegExp) =>
    [...page.matchAll(prompt)].map(([, words = ""]) =>
      words.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>"),
    );
  expect(TYPED.length).toBeGreaterThan(10);
  for (const prompt of [/^\$ apium (.*)$/gm, /^apium \$ (.*)$/gm]) {
    expect([...new Set(typed(prompt))].sort()).toEqual([...TYPED].sort());
  }
});
