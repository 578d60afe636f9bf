/**
 * Parity with Celery, shown: generated from docs/parity/table.ts. Every row through every face it names gives one answer;
 * what changes something is refused to a viewer and leaves one audit row, the same whichever way it was asked for; what
 * destroys can be tried dry.
 */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { apiumProgram } from "../../cli/program.ts";
import { COMMANDS } from "../../docs/parity/commands.ts";
import { CONTROL } from "../../docs/parity/control.ts";
import { INSPECT } from "../../docs/parity/inspect.ts";
import type { ParityRow } from "../../docs/parity/row.ts";
import { PARITY } from "../../docs/parity/table.ts";
import { controlOperations } from "../../runtime/moleculer/control-operations.ts";
import { inspectOperations } from "../../runtime/moleculer/inspect-operations.ts";
import { FLOWER_ENDPOINTS } from "../../services/gateway/flower/flower-endpoints.ts";
import { mayDo } from "../../services/gateway/rest-route.ts";
import { REST_ROUTES } from "../../services/gateway/rest-routes.ts";
import { eventually } from "../support/backends.ts";
import { flowerPair } from "../support/flower-answers.ts";
import {
  type Answered,
  auditSince,
  command,
  type Face,
  facesOf,
  filled,
  flowersOf,
  lastAudit,
  overFlower,
  overRest,
  type Replacements,
  steady,
  thingsOf,
  words,
} from "../support/parity-faces.ts";
import { openParityStage, type ParityStage } from "../support/parity-stage.ts";
import { openRepl, type Repl } from "../support/repl.ts";
import { TOKENS } from "../support/small-gateway.ts";

const ROWS = PARITY.flatMap(({ rows }) => rows);
const named = (rows: readonly ParityRow[]) => rows.map((row) => [row.there, row] as const);
const called = ROWS.filter(({ action }) => action !== undefined);
const changing = called.filter(({ changes }) => changes !== undefined);

describe("the table", () => {
  test("is as long as what it is about", () => {
    expect({ inspect: INSPECT.rows.length, control: CONTROL.rows.length }).toEqual({ inspect: 16, control: 16 });
    expect(COMMANDS.rows.filter(({ there }) => there !== "celery flower")).toHaveLength(18);
    expect(new Set(ROWS.map(({ there }) => there)).size).toBe(ROWS.length);
  });

  test("says of every row where it is, or why it is not", () => {
    for (const row of ROWS) {
      const places = [row.action, row.sameAs, row.program, row.notApplicable].filter((place) => place !== undefined);
      expect([row.there, places.length]).toEqual([row.there, 1]);
      if (row.sameAs !== undefined) expect(called.map(({ there }) => there)).toContain(row.sameAs);
      if (row.program !== undefined) expect([row.there, existsSync(row.program.shownBy)]).toEqual([row.there, true]);
      if (row.notApplicable !== undefined) expect(row.notApplicable.length).toBeGreaterThan(20);
      const hasDashboard = row.action !== undefined || row.program !== undefined;
      expect([row.there, row.dashboard !== undefined]).toEqual([row.there, hasDashboard]);
    }
  });

  test("has every address of Flower's, and Flower has 20", () => {
    const own = ROWS.flatMap(flowersOf).map((request) =>
      request
        .replace(/(<[a-z ]+>|parity\.\w+)/, ":id")
        .replace(/[?{].*$/, "")
        .trim(),
    );
    expect([...new Set(own)].sort()).toEqual(FLOWER_ENDPOINTS.map(({ method, path }) => `${method} ${path}`).sort());
    expect(FLOWER_ENDPOINTS).toHaveLength(20);
  });

  test("has every operation of inspect and control that there is", () => {
    const of = (family: string) =>
      [...new Set(called.map(({ action = "" }) => action).filter((action) => action.startsWith(family)))]
        .map((action) => action.slice(family.length))
        .sort();
    const runtime = { database: {} } as never;
    expect(of("tasks.inspect.")).toEqual(Object.keys(inspectOperations(runtime)).sort());
    expect(of("tasks.control.")).toEqual(Object.keys(controlOperations(runtime)).sort());
  });

  test("has every command about tasks, queues, workers, schedules and caches", () => {
    const program = apiumProgram({ client: () => Promise.reject() as never, write() {}, writeError() {} });
    const families = ["tasks", "queues", "dead-letters", "inspect", "control", "schedules", "cache"];
    const all = program.commands
      .filter((family) => families.includes(family.name()))
      .flatMap((family) => family.commands.map((child) => `${family.name()} ${child.name()}`));
    const defaults: Readonly<Record<string, string>> = {
      queues: "queues list",
      schedules: "schedules list",
      cache: "cache stats",
    };
    const shown = ROWS.flatMap(({ cli = "" }) => {
      const [first = "", second = ""] = words(cli);
      return [defaults[cli] ?? `${first} ${second}`];
    });
    // It watches until it is told to end: test/end-to-end/repl.test.ts and cache-service.test.ts have what is behind it.
    expect(all.filter((one) => !shown.includes(one))).toEqual(["cache monitor"]);
  });

  test("names the role each address needs", () => {
    for (const { there, rest = "", action, changes } of called) {
      const [method, path] = rest.split("?")[0]?.split(" ") ?? [];
      if (path === undefined) continue;
      const family = /^\/(inspect|control)\//.exec(path)?.[1];
      const route = REST_ROUTES.find((one) =>
        family === undefined
          ? one.method === method && one.path === path && one.action === action
          : one.path === `/${family}/:what`,
      );
      expect([there, route?.path]).not.toEqual([there, undefined]);
      if (changes !== undefined) expect([there, mayDo("viewer", route?.role ?? "viewer")]).toEqual([there, false]);
    }
  });
});

describe("a row", () => {
  let stage: ParityStage;
  let repl: Repl;
  beforeAll(async () => {
    stage = await openParityStage();
    repl = await openRepl({ HOME: stage.folder, APIUM_URL: stage.url, APIUM_TOKEN: TOKENS.admin });
  }, 400_000);
  afterAll(async () => {
    await repl.leave();
    await stage.close();
  });

  /** On a busy machine a worker may not answer within its two seconds: what was done to nobody is done again. */
  async function heard<Said extends { readonly isSilent: boolean }>(ask: () => Promise<Said>): Promise<Said> {
    for (let tries = 10; ; tries -= 1) {
      const said = await ask();
      if (!said.isSilent || tries === 0) return said;
    }
  }
  const isSilent = (body: { silent?: unknown[] } | undefined) => (body?.silent ?? []).length > 0;
  const asked = (ask: () => Promise<Answered>) =>
    heard(async () => {
      const answered = await ask();
      return { ...answered, isSilent: isSilent(answered.body) };
    });

  describe("gives one answer through every face", () => {
    const reading = named(called.filter(({ changes }) => changes === undefined));
    test.each(reading)(
      "%s",
      async (_there, row) => {
        await stage.settle();
        const things = await thingsOf(row, stage);
        const [first, ...others] = facesOf(row, stage, repl);
        const own = await asked(() => (first as Face).ask(row, things));
        for (const face of others) {
          const { status, body } = await asked(() => face.ask(row, things));
          expect([face.name, status < 300]).toEqual([face.name, true]);
          expect({ [face.name]: steady(body, things) }).toEqual({ [face.name]: steady(own.body, things) });
        }
        for (const address of row.alsoAt ?? []) {
          const { body } = await asked(() => overRest(stage.url, filled(address, things), {}, TOKENS.viewer));
          expect({ [address]: steady(body, things) }).toEqual({ [address]: steady(own.body, things) });
        }
        for (const request of flowersOf(row)) {
          // Flower leaves out what a worker was too busy to answer in time.
          await eventually(async () => {
            const answered = await overFlower(stage.url, filled(request, things), TOKENS.viewer);
            expect([request, answered.status]).toEqual([request, 200]);
            const { ours, theirs } = flowerPair(request, row.action ?? "", own.body, answered.body);
            expect({ [request]: steady(theirs, things) }).toEqual({ [request]: steady(ours, things) });
            return true;
          });
        }
      },
      300_000,
    );
  });

  /** Asks for a change by one way: its answer, and the audit row it left. */
  const changed = (row: ParityRow, name: string, ask: (things: Replacements) => Promise<Answered>) =>
    heard(async () => {
      await stage.settle();
      if (row.changes?.reset !== undefined) await stage.resets[row.changes.reset]();
      const things = await thingsOf(row, stage);
      const before = await lastAudit(stage);
      const { status, body } = await ask(things);
      expect([name, status < 300, body]).toEqual([name, true, expect.anything()]);
      const rows = await auditSince(stage, before);
      expect([name, rows.map(({ action }) => action)]).toEqual([name, [row.changes?.audit]]);
      const { target, details, actor = "" } = rows[0] ?? {};
      const said = { answer: steady(body, things), audit: steady({ target, details }, things) };
      const obeyed = (details as { obeyed?: unknown[] } | undefined)?.obeyed;
      return { ...said, actor, isSilent: isSilent(body) || obeyed?.length === 0 };
    });

  describe("changes the same through every face, and leaves one audit row each time", () => {
    test.each(named(changing))(
      "%s",
      async (_there, row) => {
        const [first, ...others] = facesOf(row, stage, repl);
        const own = await changed(row, "action", (things) => (first as Face).ask(row, things));
        expect(own.actor).toBe("olga");
        for (const face of others) {
          const { answer, audit, actor } = await changed(row, face.name, (things) => face.ask(row, things));
          expect({ face: face.name, answer, audit }).toEqual({ face: face.name, answer: own.answer, audit: own.audit });
          expect(actor).toMatch(/^admin:/);
        }
        for (const request of flowersOf(row)) {
          const flower = (things: Replacements) => overFlower(stage.url, filled(request, things), TOKENS.operator);
          const { answer, audit, actor } = await changed(row, request, flower);
          const { ours, theirs } = flowerPair(request, row.action ?? "", own.answer, answer);
          expect({ [request]: theirs, audit }).toEqual({ [request]: ours, audit: own.audit });
          expect(actor).toMatch(/^operator:/);
        }
      },
      300_000,
    );
  });

  describe("is refused to whoever may only look", () => {
    test.each(named(changing))(
      "%s",
      async (_there, row) => {
        const before = await lastAudit(stage);
        const { rest = "", params = {}, cli = "", changes } = row;
        const plain = (text: string) => text.replaceAll(/<[a-z ]+>/g, "x");
        const refused = { status: 403, body: { error: { code: "FORBIDDEN" } } };
        const roles = changes?.role === "admin" ? [TOKENS.viewer, TOKENS.operator] : [TOKENS.viewer];
        for (const token of roles) {
          expect(await overRest(stage.url, rest, params, token)).toMatchObject(refused);
          expect(await command(stage.url, words(plain(cli)), token)).toMatchObject({ code: "FORBIDDEN" });
          for (const request of flowersOf(row)) {
            expect(await overFlower(stage.url, plain(request), token)).toMatchObject(refused);
          }
        }
        expect(await auditSince(stage, before)).toEqual([]);
      },
      120_000,
    );
  });

  describe("can be tried dry: it says what it would do, does nothing, and leaves no trace", () => {
    const dry = named(changing.filter(({ changes }) => changes?.dryRun === true));
    test.each(dry)(
      "%s",
      async (_there, row) => {
        await stage.settle();
        const things = await thingsOf(row, stage);
        const before = await lastAudit(stage);
        const faces = facesOf(row, stage, repl);
        const answers: unknown[] = [];
        // The first once more at the end: nothing has changed.
        for (const face of [...faces, ...faces.slice(0, 1)]) {
          const { body } = await face.ask(row, things, { dryRun: true });
          answers.push(steady(body, things));
          expect(body.matched ?? body.slots.length).toBeGreaterThan(0);
        }
        for (const answer of answers) expect(answer).toEqual(answers[0]);
        expect(await auditSince(stage, before)).toEqual([]);
      },
      120_000,
    );
  });
});
