// Every task type, as its author defined it, and what operators have set for it since.
import type { Answers, SteeringSettings, TypeDefinition, TypeSettings } from "./shapes-system.ts";
import { type Query, useQuery } from "./use-query.ts";

export interface TaskType extends TypeDefinition {
  /** Undefined: as defined. */
  readonly set?: TypeSettings | undefined;
}

export interface TaskTypes {
  /** How asking fares: of what is waited for, or failed. */
  readonly query: Query<unknown>;
  /** By name; undefined while nothing is known. */
  readonly types: readonly TaskType[] | undefined;
  readonly reload: () => Promise<void>;
}

/** Types are those that workers answer for; a type with a setting stays shown while none does. */
export function useTaskTypes(): TaskTypes {
  const registered = useQuery<Answers<readonly TypeDefinition[]>>("/inspect/registered", { everyMs: 60_000 });
  const settings = useQuery<SteeringSettings>("/inspect/settings", { everyMs: 15_000 });
  const reload = async () => {
    await Promise.all([registered.reload(), settings.reload()]);
  };
  const types =
    registered.data === undefined || settings.data === undefined
      ? undefined
      : joined(
          registered.data.items.flatMap(({ answer }) => answer ?? []),
          settings.data.types,
        );
  return { query: registered.data === undefined ? registered : settings, types, reload };
}

function joined(defined: readonly TypeDefinition[], set: readonly TypeSettings[]): readonly TaskType[] {
  const byName = new Map<string, TaskType>();
  for (const { task } of set) byName.set(task, { name: task });
  for (const definition of defined) byName.set(definition.name, definition);
  return [...byName.values()]
    .map((type) => ({ ...type, set: set.find(({ task }) => task === type.name) }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Names only, for suggestions. */
export function useTaskNames(): readonly TypeDefinition[] {
  const registered = useQuery<Answers<readonly TypeDefinition[]>>("/inspect/registered", { everyMs: 60_000 });
  const all = registered.data?.items.flatMap(({ answer }) => answer ?? []) ?? [];
  return [...new Map(all.map((type) => [type.name, type])).values()].sort((a, b) => a.name.localeCompare(b.name));
}
