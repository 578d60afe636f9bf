// Enqueueing as Flower's clients do: keyword arguments, and the options of `apply_async`.
import { ApiumError } from "../../../runtime/index.ts";
import { publicError } from "../error-response.ts";
import type { FlowerRequest, Given } from "./flower-request.ts";
import { celeryState, type Viewed } from "./flower-task.ts";
import { resultOf } from "./task-result.ts";

const DEFAULT_WAIT = "60s";

interface Accepted {
  readonly id: string;
  readonly state: string;
  readonly result?: unknown;
}

/**
 * Parameters are one object here: Celery's keyword arguments. A task that was waited for and failed is an answer, as in Flower.
 * @throws ApiumError `PARAMS_INVALID`; `WAIT_TIMEOUT`, which Flower does not know: it waits for ever.
 */
export async function applyTask({ id: name, given, ask }: FlowerRequest, waits: boolean): Promise<object> {
  const { args = [], kwargs = {}, ...options } = given;
  if (!Array.isArray(args) || args.length > 0) {
    const message = "tasks here take keyword arguments: give kwargs, and no args";
    throw new ApiumError("PARAMS_INVALID", message, { fields: [{ field: "args", message }] });
  }
  const wanted = { name, params: kwargs, options: optionsOf(options) };
  if (!waits) {
    const { id, state } = await ask<Accepted>("tasks.enqueue", wanted);
    return { "task-id": id, state: celeryState(state) };
  }
  try {
    const { id, result } = await ask<Accepted>("tasks.enqueue", { ...wanted, wait: DEFAULT_WAIT });
    return { "task-id": id, state: "SUCCESS", result: result ?? null };
  } catch (error) {
    const failed = publicError(error);
    if (failed?.code !== "TASK_FAILED") throw error;
    return resultOf(await ask<Viewed>("tasks.get", { id: failed.details?.id }));
  }
}

/** Of `apply_async`: seconds are numbers there. */
function optionsOf({ countdown, eta, expires, priority, queue, retry: _, ...rest }: Given): object {
  const seconds = (value: unknown) =>
    typeof value === "number" || /^\d+(\.\d+)?$/.test(String(value)) ? `${Number(value)}s` : value;
  const instant = (value: unknown) =>
    typeof value === "string"
      ? value
          .replace(" ", "T")
          .replace(/(\.\d{3})\d*$/, "$1")
          .replace(/([^Z])$/, "$1Z")
      : value;
  const given = {
    ...rest,
    countdown: countdown === undefined ? undefined : seconds(countdown),
    eta: eta === undefined ? undefined : instant(eta),
    expires:
      expires === undefined
        ? undefined
        : typeof expires === "string" && expires.includes("-")
          ? instant(expires)
          : seconds(expires),
    ...{ priority, queue },
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
