// Which live tasks an operation is about, as SQL conditions. An empty filter is refused: "all" must be said.
import type { Parameter } from "../../database/index.ts";
import { plainArray, textArray } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import { queueNamed } from "../contract/queues.ts";
import { isTaskId } from "../contract/task-id.ts";
import type { LiveState } from "../contract/task-state.ts";
import { TENANT_SQL } from "../worker/index.ts";

export interface RevokeFilter {
  readonly ids?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly queue?: string | undefined;
  readonly tenant?: string | undefined;
  /** Text in the parameters, whatever its case; those of sensitive tasks are not looked at. */
  readonly text?: string | undefined;
  /** Headers that must have these values. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly states?: readonly LiveState[] | undefined;
}

export interface Conditions {
  readonly where: string;
  readonly parameters: Parameter[];
}

/**
 * @param sensitive - names of tasks whose parameters are not searched.
 * @throws ApiumError `PARAMS_INVALID` when nothing but states is named, or an id is none; `QUEUE_UNKNOWN`.
 */
export function conditionsOf(filter: RevokeFilter, sensitive: readonly string[]): Conditions {
  const parts: string[] = [];
  const parameters: Parameter[] = [];
  const add = (value: Parameter | undefined, condition: (place: string) => string) => {
    if (value === undefined) return;
    parameters.push(value);
    parts.push(condition(`$${parameters.length}`));
  };
  const strange = filter.ids?.find((id) => !isTaskId(id));
  if (strange !== undefined) throw refused("ids", `"${strange}" is not a task id`);
  add(filter.ids && plainArray(filter.ids), (place) => `id = any(${place}::text::uuid[])`);
  add(filter.name, (place) => `name = ${place}`);
  add(filter.queue && queueNamed(filter.queue), (place) => `queue = ${place}`);
  add(filter.tenant, (place) => `${TENANT_SQL} = ${place}`);
  add(filter.text && `%${filter.text.replaceAll(/[\\%_]/g, "\\$&")}%`, (place) => `params::text ilike ${place}`);
  if (filter.text !== undefined && sensitive.length > 0) {
    add(textArray(sensitive), (place) => `name <> all(${place}::text::text[])`);
  }
  for (const [name, value] of Object.entries(filter.headers ?? {})) {
    parameters.push(name, value);
    parts.push(`headers->>$${parameters.length - 1}::text = $${parameters.length}`);
  }
  if (parts.length === 0) throw refused("filter", "name what to revoke: ids, name, queue, tenant, text or headers");
  add(filter.states && plainArray(filter.states), (place) => `state::text = any(${place}::text::text[])`);
  return { where: parts.join(" and "), parameters };
}

function refused(field: string, message: string): ApiumError {
  return new ApiumError("PARAMS_INVALID", "the request is not valid", { fields: [{ field, message }] });
}
