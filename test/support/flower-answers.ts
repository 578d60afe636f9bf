/** What Flower's addresses show of our answers: each pair must be equal, if the two faces see the same thing. */

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
  if (path === "/workers") {
    const what = action.split(".").at(-1) ?? "";
    const [{ worker, answer }] = own.items;
    return { ours: what === "registered" ? answer.map(nameOf) : answer, theirs: theirs[worker][what] };
  }
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

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

function taskFields({ id, name, state, queue, retries, params, worker, error }: Any): unknown {
  return [id, name, state, queue, retries, JSON.stringify(params), worker, error?.message ?? null];
}

function flowerFields({ uuid, name, state, routing_key, retries, kwargs, worker, exception }: Any): unknown {
  return [uuid, name, state, routing_key, retries, kwargs, worker, exception];
}
