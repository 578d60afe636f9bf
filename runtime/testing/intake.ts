// What both callers of the kit do with what they are given: the checks of the real caller, in its order, and nothing
// else. Whatever it refuses here, it refuses in production with the same code.
import type { Transaction } from "../../database/index.ts";
import { type Placement, paramsText, place } from "../caller/index.ts";
import type { Clock } from "../contract/clock.ts";
import type { EnqueueOptions } from "../contract/enqueue-options.ts";
import { parseEnqueueOptions } from "../contract/enqueue-options.ts";
import { ApiumError } from "../contract/errors.ts";
import type { Routes } from "../contract/routes.ts";
import type { AnyTask, CallOptions } from "../contract/task-definition.ts";

export interface Intake {
  readonly task: AnyTask;
  readonly placement: Placement;
  /** JSON text of the checked parameters. */
  readonly text: string;
  readonly options: EnqueueOptions;
  readonly tx: Transaction | undefined;
}

export interface IntakeParts {
  readonly clock: Clock;
  readonly routes: Routes;
}

/** @throws ApiumError `OPTIONS_INVALID`, `QUEUE_UNKNOWN`, `PARAMS_INVALID`, `PARAMS_TOO_LARGE`. */
export function takeIn(task: AnyTask, params: unknown, options: CallOptions, parts: IntakeParts): Intake {
  const { tx, ...given } = options;
  const checked = parseEnqueueOptions(given);
  const placement = place(task, checked, parts.routes, parts.clock);
  return { task, placement, text: paramsText(task, params), options: checked, tx: tx as Transaction | undefined };
}

/** All or none. @throws ApiumError as `takeIn`, with the item's number. */
export function takeInMany(
  task: AnyTask,
  params: readonly unknown[],
  options: CallOptions,
  parts: IntakeParts,
): Intake[] {
  refuseIdentity(options, "enqueueMany takes neither taskId nor idempotencyKey nor uniqueKey");
  return params.map((item, index) => {
    try {
      return takeIn(task, item, options, parts);
    } catch (error) {
      if (!(error instanceof ApiumError)) throw error;
      throw new ApiumError(error.code, `item ${index}: ${error.message}`, {
        cause: error,
        fields: (error.fields ?? []).map(({ field, message }) => ({ field: `[${index}].${field}`, message })),
      });
    }
  });
}

/** Many tasks, and children, cannot share one id or key. @throws ApiumError `OPTIONS_INVALID`. */
export function refuseIdentity(options: CallOptions | undefined, message: string): void {
  if ([options?.taskId, options?.idempotencyKey, options?.uniqueKey].every((one) => one === undefined)) return;
  throw new ApiumError("OPTIONS_INVALID", message, { fields: [{ field: "options", message }] });
}
