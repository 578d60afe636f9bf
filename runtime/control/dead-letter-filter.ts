// Which dead letters somebody means, as SQL conditions.
import { Conditions, type Named } from "./conditions.ts";

export interface LetterFilter extends Named {
  /** The error's code, such as `TASK_REJECTED` or `ECONNREFUSED`. */
  readonly code?: string | undefined;
  /** Text in the parameters or the error, whatever its case. */
  readonly text?: string | undefined;
  /** When they became dead letters: from `since` on, before `until`. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** Only tasks, no bytes that were none. */
  readonly isTask?: boolean | undefined;
}

/**
 * @param sensitive - names of tasks whose parameters are not searched.
 * @throws ApiumError `PARAMS_INVALID` for what is no id, `QUEUE_UNKNOWN`.
 */
export function letterConditions(filter: LetterFilter, handled: boolean, sensitive: readonly string[]): Conditions {
  return new Conditions()
    .and(handled ? "handled_at is not null" : "handled_at is null")
    .and(filter.isTask === true ? "name is not null" : "true")
    .addNamed(filter)
    .add(filter.code, (place) => `error->>'code' = ${place}`)
    .addText(filter.text, ["params::text", "error->>'message'"], sensitive)
    .addSpan("created_at", filter.since, filter.until);
}
