// Every task type with what is in force for it: as the API tells it, or, of a system that does not tell it yet, put together
// from what workers answer and what operators have set.
import type { ApiError } from "../../../core/api.ts";
import type { Items } from "../../../core/shapes.ts";
import type { Answers, SteeringSettings, TypeDefinition, TypeSettings } from "../../../core/shapes-system.ts";
import { type Query, useQuery } from "../../../core/use-query.ts";

export interface Limits {
  readonly rateLimit: string | null;
  readonly softTimeLimit: string | null;
  readonly timeLimit: string | null;
}

export interface TaskType {
  readonly name: string;
  /** Null: its caller says, or only workers of another version know it. */
  readonly queue: string | null;
  readonly retries: number | undefined;
  readonly inForce: Limits;
  /** What operators have set; null in it: as defined. */
  readonly set: (Limits & { readonly updatedAt: string; readonly updatedBy: string | null }) | null;
  readonly pausedAt: string | null;
  readonly pausedBy: string | null;
  /** Workers with a handler for it; undefined where it is not known. */
  readonly workers: number | undefined;
}

/** `GET /task-types`, as far as it is read here. */
interface Told extends Limits {
  readonly name: string;
  readonly queue: string | null;
  readonly retry: { readonly maxRetries: number };
  readonly pausedAt: string | null;
  readonly pausedBy: string | null;
  readonly overrides: TaskType["set"];
  readonly workers: readonly string[];
}

const DEFAULT_RETRIES = 3;
const DEFAULT_TIME_LIMIT = "1h";

/** By name. */
export function useTypes(): Query<readonly TaskType[]> {
  const told = useQuery<Items<Told>>("/task-types", { everyMs: 15_000 });
  const isUntold = (told.error as ApiError | undefined)?.status === 404;
  const registered = useQuery<Answers<readonly TypeDefinition[]>>(isUntold ? "/inspect/registered" : undefined, {
    everyMs: 60_000,
  });
  const settings = useQuery<SteeringSettings>(isUntold ? "/inspect/settings" : undefined);
  if (!isUntold) return { ...told, data: told.data?.items.map(asTold) };
  const error = registered.error ?? settings.error;
  const data =
    registered.data === undefined || settings.data === undefined
      ? undefined
      : together(registered.data, settings.data.types);
  return {
    ...{ data, error, isLoading: data === undefined && error === undefined },
    reload: async () => {
      await Promise.all([registered.reload(), settings.reload()]);
    },
  };
}

function asTold(type: Told): TaskType {
  const { name, queue, retry, rateLimit, softTimeLimit, timeLimit, overrides, pausedAt, pausedBy, workers } = type;
  return {
    ...{ name, queue, pausedAt, pausedBy, set: overrides },
    ...{ retries: retry.maxRetries, workers: workers.length },
    inForce: { rateLimit, softTimeLimit, timeLimit },
  };
}

function together({ items }: Answers<readonly TypeDefinition[]>, set: readonly TypeSettings[]): readonly TaskType[] {
  const definitions = new Map<string, TypeDefinition>();
  const workers = new Map<string, number>();
  for (const { task } of set) definitions.set(task, { name: task });
  for (const definition of items.flatMap(({ answer }) => answer ?? [])) {
    definitions.set(definition.name, definition);
    workers.set(definition.name, (workers.get(definition.name) ?? 0) + 1);
  }
  return [...definitions.values()]
    .map((own) => {
      const its = set.find(({ task }) => task === own.name);
      return {
        ...{ name: own.name, queue: own.queue ?? null, retries: own.maxRetries ?? DEFAULT_RETRIES },
        inForce: {
          rateLimit: rateInForce(its?.rateLimit ?? own.rateLimit),
          softTimeLimit: its?.softTimeLimit ?? textOf(own.softTimeLimit),
          timeLimit: its?.timeLimit ?? textOf(own.timeLimit) ?? DEFAULT_TIME_LIMIT,
        },
        set: setsLimits(its) ? its : null,
        ...{ pausedAt: its?.pausedAt ?? null, pausedBy: its?.pausedBy ?? null },
        workers: workers.get(own.name) ?? 0,
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

function setsLimits(set: TypeSettings | undefined): set is TypeSettings {
  return set !== undefined && [set.rateLimit, set.softTimeLimit, set.timeLimit].some((limit) => limit !== null);
}

function rateInForce(rate: string | undefined): string | null {
  return rate === undefined || rate === "none" ? null : rate;
}

function textOf(duration: string | number | undefined): string | null {
  if (duration === undefined) return null;
  return typeof duration === "number" ? `${duration}ms` : duration;
}
