// The only way to the system: its REST API, under the session that signed in.

/** How long an answer is waited for, and what nobody knows without it. */
interface Patience {
  readonly ms: number;
  readonly leavesOpen: string;
}

const FOR_A_QUESTION: Patience = { ms: 15_000, leavesOpen: "" };
/** The gateway gives a call up after 30 s and says so: what is not answered later than that never will be. */
const FOR_A_CHANGE: Patience = {
  ms: 45_000,
  leavesOpen: ": whether it was done is not known; look before you do it again",
};
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
  return ask<Answer>("GET", path, FOR_A_QUESTION, signal === undefined ? {} : { signal });
}

/** A change. @throws ApiError as {@link get}; with status 0 it may have been done all the same, and says so. */
export async function send<Answer = unknown>(
  method: "POST" | "PATCH" | "PUT" | "DELETE",
  path: string,
  body?: object,
): Promise<Answer> {
  return (await ask<Answer>(method, path, FOR_A_CHANGE, bodyOf(body))).data;
}

/** What a change would do, for an endpoint that can tell without doing it. @throws ApiError as {@link get}. */
export async function foresee<Answer>(path: string, body: object): Promise<Answer> {
  return (await ask<Answer>("POST", path, FOR_A_QUESTION, bodyOf(body))).data;
}

function bodyOf(body: object | undefined): Pick<RequestInit, "body"> {
  return body === undefined ? {} : { body: JSON.stringify(body) };
}

async function ask<Answer>(
  method: string,
  path: string,
  patience: Patience,
  { signal, ...sent }: { readonly body?: BodyInit | null; readonly signal?: AbortSignal },
): Promise<Answered<Answer>> {
  const deadline = AbortSignal.timeout(patience.ms);
  const over = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/api/v1${path}`, {
      ...sent,
      signal: over,
      method,
      headers: { Accept: "application/json", ...(sent.body ? { "Content-Type": "application/json" } : {}) },
    });
    text = await response.text();
  } catch (error) {
    throw unanswered(over.aborted ? over.reason : error, patience);
  }
  // The server sends this page to the login, and back to it afterwards.
  if (response.status === 401) location.reload();
  const answer = parsed(text);
  if (!response.ok) throw new ApiError(response.status, (answer as { error?: object } | undefined)?.error);
  if (answer === undefined && text !== "")
    throw new ApiError(0, { code: "BROKEN_ANSWER", message: `the system's answer was cut off${patience.leavesOpen}` });
  return { data: answer as Answer, at: timeOf(response) };
}

/** What is said of a request without an answer; whoever gave it up hears that it was given up. */
function unanswered(error: unknown, { ms, leavesOpen }: Patience): unknown {
  const { name } = error as Error;
  if (name === "AbortError") return error;
  return name === "TimeoutError"
    ? new ApiError(0, {
        code: "NO_ANSWER",
        message: `the system has not answered for ${ms / 1_000} seconds${leavesOpen}`,
      })
    : new ApiError(0, { code: "UNREACHABLE", message: `the system does not answer${leavesOpen}` });
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
