// How a task has ended, as Flower tells it: state and result, and of a failure its error with the traceback.
import { codeOf } from "../../../runtime/index.ts";
import type { Ask, FlowerRequest } from "./flower-request.ts";
import { celeryState, type Viewed } from "./flower-task.ts";

const LONGEST_WAIT_S = 60;
const ASK_EVERY_MS = 100;

export async function taskResult({ id, given, ask }: FlowerRequest): Promise<object> {
  const known = await ask<Viewed>("tasks.get", { id }).catch((error: unknown) => {
    if (codeOf(error) === "TASK_NOT_FOUND") return undefined;
    throw error;
  });
  // Celery cannot tell an unknown task from one that waits.
  if (known === undefined) return { "task-id": id, state: "PENDING" };
  const seconds = Number(given.timeout ?? 0);
  return resultOf(seconds > 0 && !isEnded(known) ? await waited(ask, id, seconds) : known);
}

export function resultOf(task: Viewed): object {
  return { "task-id": task.id, state: celeryState(task.state), ...(isEnded(task) ? outcomeOf(task) : {}) };
}

async function waited(ask: Ask, id: string, seconds: number): Promise<Viewed> {
  for (const end = performance.now() + Math.min(seconds, LONGEST_WAIT_S) * 1_000; ; ) {
    const task = await ask<Viewed>("tasks.get", { id });
    if (isEnded(task) || performance.now() > end) return task;
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

function isEnded({ state }: Viewed): boolean {
  return state === "SUCCESS" || state === "FAILURE" || state === "REVOKED";
}

function outcomeOf({ state, result: value, error }: Viewed): object {
  if (state !== "FAILURE") return { result: value ?? null };
  return { result: error?.message ?? null, traceback: error?.stack ?? null };
}
