// Enqueueing as Flower's clients do: keyword arguments, and the options of `apply_async`.
import { ApiumError } from "../../../runtime/index.ts";
import type { FlowerRequest, Given } from "./flower-request.ts";
import { celeryState } from "./flower-task.ts";

const DEFAULT_WAIT = "60s";

/** Parameters are one object here: Celery's keyword arguments. @throws ApiumError `PARAMS_INVALID`. */
export async function applyTask({ id: name, given, ask }: FlowerRequest, waits: boolean): Promise<object> {
  const { args = [], kwargs = {}, ...options } = given;
  if (!Array.isArray(args) || args.length > 0) {
    const message = "tasks here take keyword arguments: give kwargs, and no args";
    throw new ApiumError("PARAMS_INVALID", message, { fields: [{ field: "args", message }] });
  }
  const wait = waits ? { wait: DEFAULT_WAIT } : {};
  const accepted = await ask<{ id: string; state: string; result?: unknown }>("tasks.enqueue", {
    ...{ name, params: kwargs, options: optionsOf(options) },
    ...wait,
  });
  const task = { "task-id": accepted.id, state: waits ? "SUCCESS" : celeryState(accepted.state) };
  return waits ? { ...task, result: accepted.result ?? null } : task;
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
