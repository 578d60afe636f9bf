/**
 * What Flower's addresses show of our answers: each pair must be equal, if the two faces see the same thing. Of a worker's
 * answer no key of Celery's may be missing.
 */
import { missingKeys } from "./celery-keys.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of any shape, read field by field.
type Any = any;

export interface Pair {
  readonly ours: unknown;
  readonly theirs: unknown;
}

/** @param request - `GET /workers`; @param action - whose answer `own` is. */
export function flowerPair(request: string, action: string, own: Any, theirs: Any): Pair {
  const [path = ""] = request.split(" ")[1]?.split("?") ?? [];
  if (path === "/workers" && action === "tasks.inspect.ping") {
    const [{ worker, answer }] = own.items;
    return { ours: answer.ok, theirs: theirs[worker] };
  }
  if (path === "/workers") return workersPair(action.split(".").at(-1) ?? "", own, theirs);
  if (path === "/task/types") {
    const known = theirs["task-types"] as string[];
    const names = own.items[0].answer.map(nameOf) as string[];
    return { ours: names, theirs: known.filter((name) => names.includes(name)) };
  }
  if (path === "/tasks") return { ours: own.items.map(taskFields), theirs: Object.values(theirs).map(flowerFields) };
  if (path.startsWith("/task/info/")) return { ours: taskFields(own), theirs: flowerFields(theirs) };
  if (path.startsWith("/task/result/")) {
    return { ours: [own.id, own.state, own.result], theirs: [theirs["task-id"], theirs.state, theirs.result] };
  }
  if (path === "/queues/length") {
    const messages = theirs.active_queues as { name: string; messages: number }[];
    const ours = own.items.map(({ name, queued }: Any) => [name, queued]);
    return { ours, theirs: messages.map((queue) => [queue.name, queue.messages]) };
  }
  if (path.startsWith("/task/apply/")) {
    return { ours: [own.state, own.result], theirs: [theirs.state, theirs.result] };
  }
  if (/^\/task\/(async-apply|send-task)\//.test(path)) return { ours: "PENDING", theirs: theirs.state };
  return { ours: "string", theirs: typeof theirs.message };
}

function workersPair(what: string, own: Any, theirs: Any): Pair {
  if (what === "scheduled" || what === "revoked") {
    const [{ revoked }] = Object.values<Any>(theirs);
    const shown =
      what === "revoked" ? revoked : Object.values<Any>(theirs).flatMap((one) => one.scheduled.map(requested));
    return { ours: own.items.map(idOf), theirs: shown.slice(0, own.items.length) };
  }
  const [{ worker, answer }] = own.items;
  const answered = theirs[worker][what];
  const pair = (ours: unknown, shown: unknown) => ({
    ours: { shown: ours, missing: [] },
    theirs: { shown, missing: missingKeys(theirs[worker], what) },
  });
  if (what === "stats") return pair(answer.pool.size, answered.pool["max-concurrency"]);
  if (what === "registered") return pair(answer.map(nameOf), answered);
  if (what === "active_queues") return pair(answer.map(nameOf), answered.map(nameOf));
  if (what === "active" || what === "reserved") return pair(answer.map(heldFields), answered.map(requestFields));
  return pair(answer, answered);
}

function idOf({ id }: { readonly id: string }): string {
  return id;
}

function requested({ request }: { readonly request: { readonly id: string } }): string {
  return request.id;
}

function heldFields({ id, name, queue }: Any): unknown {
  return [id, name, queue];
}

function requestFields({ id, name, delivery_info }: Any): unknown {
  return [id, name, delivery_info.routing_key];
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

function taskFields({ id, name, state, queue, retries, params, worker, error }: Any): unknown {
  return [id, name, state, queue, retries, JSON.stringify(params), worker, error?.message ?? null];
}

function flowerFields({ uuid, name, state, routing_key, retries, kwargs, worker, exception }: Any): unknown {
  return [uuid, name, state, routing_key, retries, kwargs, worker, exception];
}
