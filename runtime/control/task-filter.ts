// Which live tasks an operation is about, as SQL conditions. An empty filter is refused: "all" must be said.
import { plainArray } from "../../database/index.ts";
import type { LiveState } from "../contract/task-state.ts";
import { TENANT_SQL } from "../worker/index.ts";
import { Conditions, type Named, refusedField } from "./conditions.ts";

export interface RevokeFilter extends Named {
  readonly tenant?: string | undefined;
  /** Text in the parameters, whatever its case; those of sensitive tasks are not looked at. */
  readonly text?: string | undefined;
  /** Headers that must have these values. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly states?: readonly LiveState[] | undefined;
}

/**
 * @param sensitive - names of tasks whose parameters are not searched.
 * @throws ApiumError `PARAMS_INVALID` when nothing but states is named, or an id is none; `QUEUE_UNKNOWN`.
 */
export function conditionsOf(filter: RevokeFilter, sensitive: readonly string[]): Conditions {
  const conditions = new Conditions()
    .addNamed(filter)
    .add(filter.tenant, (place) => `${TENANT_SQL} = ${place}`)
    .addText(filter.text, ["params::text"], sensitive);
  for (const [name, value] of Object.entries(filter.headers ?? {})) conditions.addHeader(name, value);
  if (conditions.isAny) throw refusedField("filter", "name what is meant: ids, name, queue, tenant, text or headers");
  return conditions.add(
    filter.states && plainArray(filter.states),
    (place) => `state::text = any(${place}::text::text[])`,
  );
}
