// Which dead letters somebody means, as SQL conditions.
import { type Parameter, plainArray, textArray } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import { queueNamed } from "../contract/queues.ts";
import { isTaskId } from "../contract/task-id.ts";

export interface LetterFilter {
  readonly ids?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly queue?: string | undefined;
  /** The error's code, such as `TASK_REJECTED` or `ECONNREFUSED`. */
  readonly code?: string | undefined;
  /** Text in the parameters or the error, whatever its case. */
  readonly text?: string | undefined;
  /** When they became dead letters: from `since` on, before `until`. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

/**
 * @param sensitive - names of tasks whose parameters are not searched.
 * @throws ApiumError `PARAMS_INVALID` for what is no id, `QUEUE_UNKNOWN`.
 */
export function letterConditions(
  filter: LetterFilter,
  handled: boolean,
  sensitive: readonly string[],
): { readonly where: string; readonly parameters: Parameter[] } {
  const parts = [handled ? "handled_at is not null" : "handled_at is null"];
  const parameters: Parameter[] = [];
  const add = (value: Parameter | undefined, condition: (place: string) => string) => {
    if (value === undefined) return;
    parameters.push(value);
    parts.push(condition(`$${parameters.length}`));
  };
  const strange = filter.ids?.find((id) => !isTaskId(id));
  if (strange !== undefined) {
    const fields = [{ field: "ids", message: `"${strange}" is not the id of a dead letter` }];
    throw new ApiumError("PARAMS_INVALID", "the request is not valid", { fields });
  }
  add(filter.ids && plainArray(filter.ids), (place) => `id = any(${place}::text::uuid[])`);
  add(filter.name, (place) => `name = ${place}`);
  add(filter.queue && queueNamed(filter.queue), (place) => `queue = ${place}`);
  add(filter.code, (place) => `error->>'code' = ${place}`);
  add(
    filter.text && `%${filter.text.replaceAll(/[\\%_]/g, "\\$&")}%`,
    (place) => `(params::text ilike ${place} or error->>'message' ilike ${place})`,
  );
  if (filter.text !== undefined && sensitive.length > 0) {
    add(textArray(sensitive), (place) => `(name is null or name <> all(${place}::text::text[]))`);
  }
  add(filter.since?.toISOString(), (place) => `created_at >= ${place}::timestamptz`);
  add(filter.until?.toISOString(), (place) => `created_at < ${place}::timestamptz`);
  return { where: parts.join(" and "), parameters };
}
