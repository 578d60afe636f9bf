// The only way to the system: its REST API, under the session that signed in.

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

/** @throws ApiError as the system refuses; with status 0 when it does not answer. */
export function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return ask<Answer>("GET", path, undefined, signal);
}

/** @throws ApiError as {@link get}. */
export function send<Answer = unknown>(
  method: "POST" | "PATCH" | "PUT" | "DELETE",
  path: string,
  body?: object,
): Promise<Answer> {
  return ask<Answer>(method, path, body);
}

async function ask<Answer>(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, { code: "UNREACHABLE", message: "the system does not answer" });
  }
  if (response.status === 401) location.assign("/login");
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw new ApiError(response.status, (answer as { error?: object } | undefined)?.error);
  return answer as Answer;
}
