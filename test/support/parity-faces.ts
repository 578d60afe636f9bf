/**
 * A row of the parity table through its faces: the action over the broker, REST, the command line's program in this
 * process, the REPL's process, Flower's address. Each gives what it answered; what must differ from one to the next (ids
 * that were made for it, instants, measurements) is made equal here, and nothing else.
 */

import { CliError, connect } from "../../cli/client.ts";
import { apiumProgram } from "../../cli/program.ts";
import { replName } from "../../cli/repl-commands.ts";
import type { ParityRow } from "../../docs/parity/row.ts";
import type { ParityStage, Thing } from "./parity-stage.ts";
import type { Repl } from "./repl.ts";
import { TOKENS } from "./small-gateway.ts";

export type Replacements = ReadonlyMap<string, Thing>;

/** What is another number each time it is asked. */
const VOLATILE = new Set([
  ...["runningMs", "memory", "loopLag", "uptimeS", "sample", "spaces", "bytes", "file", "top", "machineAheadMs"],
  ...["rssBytes", "heapUsedBytes", "heapTotalBytes", "externalBytes", "arrayBuffersBytes", "memoryBytes", "latency"],
  ...["oldestMs", "pausedBy", "updatedBy", "handledBy", "ttlMs", "stats", "sampledMs", "usage"],
]);
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** Everything in brackets a row has, made anew. */
export async function thingsOf(row: ParityRow, stage: ParityStage): Promise<Replacements> {
  const words = new Set([...JSON.stringify(row).matchAll(/<([a-z ]+)>/g)].map(([, word = ""]) => word));
  const made = new Map<string, Thing>();
  for (const word of words) {
    const make = stage.things[word];
    // In a row's words for people brackets may stand for anything.
    if (make !== undefined) made.set(word, await make());
  }
  return made;
}

export function filled<Value>(value: Value, things: Replacements): Value {
  const text = JSON.stringify(value).replaceAll(
    /<([a-z ]+)>/g,
    (whole, word: string) => things.get(word)?.[0] ?? whole,
  );
  return JSON.parse(text) as Value;
}

/** The same for all faces, if they say the same. */
export function steady(value: unknown, things: Replacements): unknown {
  let text = JSON.stringify(value, (key, inner) => (VOLATILE.has(key) ? typeof inner : inner));
  for (const [word, [first, ...others]] of things) {
    for (const other of others) text = text.replaceAll(other, `<${word}'s>`);
    text = text.replaceAll(first, `<${word}>`);
  }
  return JSON.parse(
    text
      .replaceAll(UUID, "<uuid>")
      .replaceAll(INSTANT, "<instant>")
      .replaceAll(/for \d+ s\b/g, "for <n> s"),
  );
}

export interface Answered {
  /** Of HTTP; 0 where there is none. */
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers of any shape, compared and read field by field.
  readonly body: any;
}

export interface Face {
  readonly name: string;
  /** @param extra - besides what the row says. */
  ask(row: ParityRow, things: Replacements, extra?: object): Promise<Answered>;
}

const admin = { user: { name: "olga", role: "admin" } };

export function facesOf(row: ParityRow, stage: ParityStage, { type }: Repl): Face[] {
  const action: Face = {
    name: "action",
    async ask({ action: called = "", params = {} }, things, extra = {}) {
      const body = await stage.broker.call(called, { ...filled(params, things), ...extra }, { meta: admin });
      return { status: 200, body };
    },
  };
  const rest: Face = {
    name: "REST",
    ask: ({ rest: route = "", params = {} }, things, extra = {}) =>
      overRest(stage.url, route, { ...filled(params, things), ...extra }, TOKENS.admin),
  };
  const commandLine: Face = {
    name: "command line",
    async ask({ cli = "" }, things, extra = {}) {
      const { body } = await command(stage.url, [...words(filled(cli, things)), ...flags(extra)], TOKENS.admin);
      return { status: 0, body };
    },
  };
  const prompt: Face = {
    name: "REPL",
    async ask({ cli = "" }, things, extra = {}) {
      const [first = "", ...rest] = filled(cli, things).split(" ");
      const { out, error } = await type([replName(first), ...rest, ...flags(extra), "--json"].join(" "));
      return { status: 0, body: parsed(out, error) };
    },
  };
  return [action, ...(row.rest === undefined ? [] : [rest]), ...(row.cli === undefined ? [] : [commandLine, prompt])];
}

/** Flower's addresses of a row. */
export function flowersOf({ flower }: ParityRow): readonly string[] {
  return flower === undefined ? [] : typeof flower === "string" ? [flower] : flower;
}

/** `POST /task/apply/add {"kwargs":{}}` */
export async function overFlower(url: string, request: string, token: string): Promise<Answered> {
  const [, method = "", path = "", body] = /^(\w+) (\S+)(?: (.*))?$/s.exec(request) ?? [];
  const response = await fetch(`${url}/api${path}`, {
    method,
    headers: {
      Authorization: `Basic ${btoa(`flower:${token}`)}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, body: await response.json() };
}

/** `POST /tasks?wait`: parameters named after the `?` go into the query, those of the path into it. */
export async function overRest(url: string, route: string, params: object, token: string): Promise<Answered> {
  const [, method = "", template = "", inQuery = ""] = /^(\w+) ([^?]+)(?:\?(.*))?$/.exec(route) ?? [];
  const left = new Map<string, unknown>(Object.entries(params));
  const path = template.replaceAll(/:(\w+)/g, (_whole, name: string) => {
    const value = left.get(name);
    left.delete(name);
    return encodeURIComponent(String(value));
  });
  const isQueried = (name: string) => method === "GET" || method === "DELETE" || inQuery.split("&").includes(name);
  const query = new URLSearchParams();
  for (const [name, value] of left) if (isQueried(name)) query.set(name, String(value));
  const body = Object.fromEntries([...left].filter(([name]) => !isQueried(name)));
  const hasBody = method === "POST" || method === "PATCH";
  const response = await fetch(`${url}/api/v1${path}${query.size === 0 ? "" : `?${query}`}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(hasBody ? { "Content-Type": "application/json" } : {}) },
    ...(hasBody ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, body: await response.json() };
}

/** The program the command line is, in this process: its JSON, and what it would have ended with. */
export async function command(
  url: string,
  typed: readonly string[],
  token: string,
): Promise<{ readonly body: unknown; readonly code: string | undefined }> {
  const out: string[] = [];
  const program = apiumProgram({
    client: () => connect({ url, token }),
    write: (text) => void out.push(text),
    writeError: () => {},
  });
  let code: string | undefined;
  try {
    await program.parseAsync([...typed, "--json"], { from: "user" });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    code = error.code;
  }
  return { body: out.length === 0 ? undefined : JSON.parse(out.join("")), code };
}

/** As a shell would: blanks part words, single quotes keep them together. */
export function words(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ""));
}

function flags(extra: object): string[] {
  return Object.keys(extra).map((name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
}

function parsed(out: string, error: string): unknown {
  try {
    return JSON.parse(out);
  } catch {
    throw new Error(`the REPL printed no JSON: ${out}\n${error}`);
  }
}

/** Audit rows since `after`; 0 is all. */
export async function auditSince(stage: ParityStage, after: number) {
  const { rows } = await stage.backend.database.query<{
    id: number;
    action: string;
    target: string;
    details: unknown;
    actor: string;
    role: string;
  }>("select id, action, target, details, actor, role from audit where id > $1 order by id", [after]);
  return rows;
}

export async function lastAudit(stage: ParityStage): Promise<number> {
  const { rows } = await stage.backend.database.query<{ id: number | null }>("select max(id) as id from audit");
  return rows[0]?.id ?? 0;
}
