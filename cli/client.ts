// How the command line reaches a running system: its REST API, under a token. Nothing here opens a database or a folder
// of data, so it works the same on one process and on many.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Exit codes: what a script can tell apart. */
export const EXIT = { ok: 0, refused: 1, usage: 2, unreachable: 3 } as const;

/** An end with a message for people and a code for scripts. */
export class CliError extends Error {
  readonly exitCode: number;
  readonly code: string;

  constructor(exitCode: number, code: string, message: string) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
  }
}

export interface Target {
  readonly url: string;
  readonly token: string;
}

/**
 * Where the system is and who asks: APIUM_URL (else HOST and PORT) and APIUM_TOKEN (else the admin token in DATA_DIR).
 * @throws CliError when there is no token to be found.
 */
export function targetOf(environment: Readonly<Record<string, string | undefined>>): Target {
  const { APIUM_URL, APIUM_TOKEN, HOST = "127.0.0.1", PORT = "3000", DATA_DIR = "./data" } = environment;
  const host = HOST.includes(":") ? `[${HOST}]` : HOST;
  const url = (APIUM_URL ?? `http://${host}:${PORT}`).replace(/\/+$/, "");
  return { url, token: APIUM_TOKEN ?? adminToken(DATA_DIR) };
}

export interface Client {
  readonly target: Target;
  get(path: string, query?: Readonly<Record<string, unknown>>): Promise<Answer>;
  send(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<Answer>;
  /** The body of an answer that is a file. */
  download(path: string): Promise<ReadableStream>;
  /** The API's own description (OpenAPI), as far as it is there for the token. */
  description(): Promise<Answer>;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are shown, not computed with; their shape is the API's.
export type Answer = any;

const API_PREFIX = "/api/v1";
const TIMEOUT_MS = 60_000;
const DOWNLOAD_TIMEOUT_MS = 900_000;

export function connect(target: Target): Client {
  const request = (
    method: string,
    path: string,
    body?: unknown,
    timeoutMs = TIMEOUT_MS + waitMsOf(path),
  ): Promise<Response> =>
    fetch(`${target.url}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${target.token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      const { cause, message } = error as Error & { cause?: { code?: string } };
      throw new CliError(
        EXIT.unreachable,
        "UNREACHABLE",
        `no answer from ${target.url} (${cause?.code ?? message}). Is it running? APIUM_URL, or HOST and PORT, say where.`,
      );
    });
  const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await request(method, path, body);
    const answer = (await response.json().catch(() => undefined)) as Answer;
    if (response.ok) return answer;
    throw refusal(response.status, answer);
  };
  return {
    target,
    get: (path, query = {}) => ask("GET", `${API_PREFIX}${path}${queryText(query)}`),
    send: (method, path, body) => ask(method, `${API_PREFIX}${path}`, body),
    async download(path) {
      const response = await request("GET", `${API_PREFIX}${path}`, undefined, DOWNLOAD_TIMEOUT_MS);
      if (response.ok && response.body !== null) return response.body;
      throw refusal(response.status, (await response.json().catch(() => undefined)) as Answer);
    },
    description: () => ask("GET", "/openapi.json"),
  };
}

/** What the request itself asks to wait for. */
function waitMsOf(path: string): number {
  const [, count, unit = ""] = /[?&]wait=(\d+(?:\.\d+)?)(ms|s|m)(?:&|$)/.exec(path) ?? [];
  return count === undefined ? 0 : Number(count) * ({ ms: 1, s: 1_000, m: 60_000 }[unit] ?? 0);
}

function refusal(status: number, answer: Answer): CliError {
  const { code = `HTTP_${status}`, message = "the system refused", fields = [] } = answer?.error ?? {};
  const lines = fields.map(({ field, message: why }: { field: string; message: string }) => `  ${field}: ${why}`);
  return new CliError(EXIT.refused, code, [`${code}: ${message}`, ...lines].join("\n"));
}

function queryText(query: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one): [string, string] => [name, String(one)]),
  );
  const text = new URLSearchParams(given).toString();
  return text === "" ? "" : `?${text}`;
}

function adminToken(dataDir: string): string {
  try {
    return readFileSync(join(dataDir, "admin-token"), "utf8").trim();
  } catch {
    throw new CliError(
      EXIT.usage,
      "NO_TOKEN",
      `no token: set APIUM_TOKEN, or DATA_DIR to the folder of the running system (${join(dataDir, "admin-token")} cannot be read)`,
    );
  }
}
