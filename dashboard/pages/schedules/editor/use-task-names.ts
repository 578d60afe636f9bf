// The task types that workers have handlers for just now, with what their authors defined: to choose from.
import type { Answers, TypeDefinition } from "../../../core/shapes-system.ts";
import { useQuery } from "../../../core/use-query.ts";

/** By name; empty while nothing is known. */
export function useTaskNames(): readonly TypeDefinition[] {
  const registered = useQuery<Answers<readonly TypeDefinition[]>>("/inspect/registered", { everyMs: 60_000 });
  const all = registered.data?.items.flatMap(({ answer }) => answer ?? []) ?? [];
  return [...new Map(all.map((type) => [type.name, type])).values()].sort((a, b) => a.name.localeCompare(b.name));
}
