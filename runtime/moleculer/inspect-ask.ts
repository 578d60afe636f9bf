// Asking workers over the bus: every process that has the service `tasks` is asked at once and has two seconds; only
// those that are meant answer. The workers' rows say who should have answered, so whoever did not is named.
import type { Context } from "moleculer";
import { z } from "zod";
import { ApiumError, codeOf, messageOf } from "../contract/errors.ts";
import {
  type LocalWorker,
  type OrderOptions,
  WORKER_ANSWERS,
  WORKER_ORDERS,
  type WorkerOrder,
  type WorkerQuestion,
} from "../control/index.ts";
import type { Runtime } from "../runtime.ts";
import type { AskerMeta } from "./audit.ts";
import { processesWith } from "./processes-with.ts";

/** Of each process. */
export const ANSWER_WITHIN_MS = 2_000;
/** The action each process answers on; not for the world outside. */
export const HERE = "tasks.here";

export type Ctx = Context<unknown, AskerMeta>;

/** Which workers: ids of workers, or node ids of their processes; absent: all. */
export const targets = {
  worker: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .transform((given) => (typeof given === "string" ? given.split(",").map((one) => one.trim()) : given))
    .optional(),
  /** One worker, as the address /workers/:id names it. */
  id: z.string().min(1).optional(),
};

export interface Targets {
  readonly worker?: readonly string[] | undefined;
  readonly id?: string | undefined;
}

export interface WorkerAnswer {
  readonly worker: string;
  readonly node: string;
  readonly answer?: unknown;
  /** What it refused with, or failed of. */
  readonly error?: { readonly code: string; readonly message: string };
}

export interface Answers {
  /** By worker id. */
  readonly items: readonly WorkerAnswer[];
  /** Workers that should have answered and did not within two seconds. */
  readonly silent: readonly string[];
  readonly nextCursor: null;
}

const here = z.strictObject({
  what: z.string(),
  workers: z.array(z.string()).nullable(),
  options: z.record(z.string(), z.unknown()),
});

/** What the action `tasks.here` does: answers for this process's worker, if it has one and is meant. */
export async function answerHere(local: LocalWorker, node: string, given: unknown): Promise<WorkerAnswer | null> {
  const { what, workers, options } = here.parse(given);
  const worker = local.id;
  if (worker === undefined || (workers !== null && !workers.includes(worker) && !workers.includes(node))) return null;
  try {
    if (Object.hasOwn(WORKER_ANSWERS, what)) {
      return { worker, node, answer: await local.answer(what as WorkerQuestion, options) };
    }
    if (Object.hasOwn(WORKER_ORDERS, what)) {
      return { worker, node, answer: await local.obey(what as WorkerOrder, options as OrderOptions) };
    }
    throw new ApiumError("PARAMS_INVALID", `this worker's version knows no "${what}"`);
  } catch (error) {
    return { worker, node, error: { code: codeOf(error) ?? "INTERNAL", message: said(error) } };
  }
}

/** A refused field says more than that something was refused. */
function said(error: unknown): string {
  if (!(error instanceof ApiumError)) return "it failed; its log has the details";
  return error.fields?.map(({ message }) => message).join("; ") ?? messageOf(error);
}

/**
 * Asks the workers that are meant, once their names are known to be somebody's. `withinMs` is for what takes its time by
 * itself; `before` is done between the two. @throws ApiumError `NOT_FOUND` for a name that is neither a worker's nor a
 * process's: nobody was asked then; `STORE_UNAVAILABLE`.
 */
export async function askWorkers(
  ctx: Ctx,
  runtime: Runtime,
  what: WorkerQuestion | WorkerOrder,
  { worker, id }: Targets,
  options: object = {},
  { withinMs = 0, before }: { readonly withinMs?: number; readonly before?: () => Promise<void> } = {},
): Promise<Answers> {
  const wanted = id === undefined ? worker : [id];
  const nodes = processesWith(ctx.broker, HERE);
  const rows = await runtime.workers();
  const strange = wanted?.find((one) => !rows.some((row) => row.id === one) && !nodes.includes(one));
  if (strange !== undefined) throw new ApiumError("NOT_FOUND", `there is no worker "${strange}"`);
  await before?.();
  const params = { what, workers: wanted ?? null, options };
  const timeout = ANSWER_WITHIN_MS + withinMs;
  const asked = nodes.map((nodeID) =>
    ctx.broker.call<WorkerAnswer | null, object>(HERE, params, { nodeID, timeout, retries: 0 }).catch(() => null),
  );
  const answers = await Promise.all(asked);
  const items = answers.filter((answer) => answer !== null).sort((a, b) => (a.worker < b.worker ? -1 : 1));
  const heard = items.map((item) => item.worker);
  // Of those that are lost nobody expects an answer, unless they were named.
  const due = rows.filter((row) => (wanted === undefined ? row.state !== "lost" : wanted.includes(row.id)));
  const silent = due.map((row) => row.id).filter((one) => !heard.includes(one));
  return { items, silent, nextCursor: null };
}
