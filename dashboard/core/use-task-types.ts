// The kinds of task there are, with what each takes: of the whole system where the API tells it, else of the workers that
// run just now.
import { offers } from "./offers.ts";
import { type Query, useQuery } from "./use-query.ts";

export interface TaskType {
  readonly name: string;
  readonly queue?: string | null;
  readonly priority?: number | null;
  readonly maxRetries?: number | undefined;
  /** JSON Schema of its parameters; null where it is not known. */
  readonly paramsSchema?: unknown;
}

interface Told extends TaskType {
  readonly retry?: { readonly maxRetries?: number };
}

interface Registered {
  readonly items: readonly { readonly answer?: readonly TaskType[] }[];
}

const EVERY_MS = 60_000;

/** In the order of their names. `undefined` until they are known. */
export function useTaskTypes(): readonly TaskType[] | undefined {
  const isTold = offers("GET /task-types");
  const told: Query<{ readonly items: readonly Told[] }> = useQuery(isTold === true ? "/task-types" : undefined, {
    everyMs: EVERY_MS,
  });
  const registered = useQuery<Registered>(isTold === false ? "/inspect/registered" : undefined, { everyMs: EVERY_MS });
  if (told.data !== undefined) return told.data.items.map((type) => ({ ...type, maxRetries: type.retry?.maxRetries }));
  if (registered.data === undefined) return undefined;
  const all = registered.data.items.flatMap(({ answer = [] }) => answer);
  return [...new Map(all.map((type) => [type.name, type])).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
