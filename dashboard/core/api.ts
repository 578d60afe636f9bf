// The only way to the system: its REST API, under the session that signed in.

/** A question that waits longer has no answer. */
const PATIENCE_MS = 15_000;
const SAME_TIME_MS = 3_000;
let aheadMs = 0;

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: readonly FieldError[];
  readonly correlationId: string | undefined;

  constructor(status: number, error: Partial<Pick<ApiError, "code" | "message" | "fields" | "correlationId">> = {}) {
    super(error.message ?? `the system answered with ${status}`);
    this.status = status;
    this.code = error.code ?? `HTTP_${status}`;
    this.fields = error.fields ?? [];
    this.correlationId = error.correlationId;
  }
}

export type Params = Readonly<Record<string, string | number | boolean | undefined>>;

/** `/tasks` with its query, without the parameters that say nothing. */
export function address(path: string, params: Params = {}): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? path : `${path}?${text}`;
}

/** What time it is in the system, as its last answer said: a browser's clock may be minutes off. */
export function systemTime(): number {
  return Date.now() + aheadMs;
}

export interface Answered<Answer> {
  readonly data: Answer;
  /** What time it was in the system, to the second. */
  readonly at: number;
}

/** @throws ApiError as the system refuses; with status 0 when it does not answer, or takes too long. */
export async function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return (await read<Answer>(path, signal)).data;
}

/** As {@link get}, with the time of the answer. @throws ApiError as {@link get}. */
export function read<Answer>(path: string, signal?: AbortSignal): Promise<Answered<Answer>> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  return ask<Answer>("GET", path, {
    signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
  });
}

/** @throws ApiError as {@link get}; what takes its time is waited for. */
export async function send<Answer = unknown>(
  method: "POST" | "PATCH" | "PUT" | "DELETE",
  path: string,
  body?: object,
): Promise<Answer> {
  const { data } = await ask<Answer>(method, path, body === undefined ? {} : { body: JSON.stringify(body) });
  return data;
}

async function ask<Answer>(method: string, path: string, sent: Pick<RequestInit, "body" | "signal">) {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/api/v1${path}`, {
      ...sent,
      method,
      headers: { Accept: "application/json", ...(sent.body ? { "Content-Type": "application/json" } : {}) },
    });
    text = await response.text();
  } catch (error) {
    throw unanswered(sent.signal?.aborted ? sent.signal.reason : error);
  }
  // The server sends this page to the login, and back to it afterwards.
  if (response.status === 401) location.reload();
  const answer = parsed(text);
  if (!response.ok) throw new ApiError(response.status, (answer as { error?: object } | undefined)?.error);
  if (answer === undefined && text !== "")
    throw new ApiError(0, { code: "BROKEN_ANSWER", message: "the system's answer was cut off" });
  return { data: answer as Answer, at: timeOf(response) };
}

/** What is said of a question without an answer; whoever gave it up hears that it was given up. */
function unanswered(error: unknown): unknown {
  const { name } = error as Error;
  if (name === "AbortError") return error;
  return name === "TimeoutError"
    ? new ApiError(0, { code: "NO_ANSWER", message: `the system has not answered for ${PATIENCE_MS / 1_000} seconds` })
    : new ApiError(0, { code: "UNREACHABLE", message: "the system does not answer" });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Its time is told in whole seconds, and has been on the way: a small difference is none. */
function timeOf(response: Response): number {
  const told = Date.parse(response.headers.get("Date") ?? "");
  if (Number.isNaN(told)) return systemTime();
  const ahead = told - Date.now();
  aheadMs = Math.abs(ahead) > SAME_TIME_MS ? ahead : 0;
  return told;
}
