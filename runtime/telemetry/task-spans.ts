// The spans of a task: one where it is accepted (`enqueue <task>`), one for each attempt (`run <task>`). An attempt is a
// child of the acceptance and not merely linked to it, as OpenTelemetry would have it for messages taken in batches: ours
// are handed out one by one, and the question asked of a trace is what became of one request. Retries are siblings.
import type { EnqueueOptions } from "../contract/enqueue-options.ts";
import { activeTraceId, OpenSpan, parted, type SpanAttributes } from "./open-span.ts";

const SYSTEM = { "messaging.system": "apium" } as const;

interface Accepted {
  readonly id: string;
  readonly queue: string;
}

/**
 * Accepts tasks. Where a trace is being recorded it happens in a span of its own, and the options handed to `accept`
 * carry the trace on in their headers; elsewhere they are the ones that were given.
 */
export function traceEnqueue<Answer extends Accepted | readonly Accepted[]>(
  name: string,
  count: number,
  options: EnqueueOptions,
  accept: (options: EnqueueOptions) => Promise<Answer>,
): Promise<Answer> {
  if (activeTraceId() === undefined) return accept(options);
  const span = OpenSpan.here({
    name: `enqueue ${name}`,
    kind: "producer",
    attributes: {
      ...SYSTEM,
      "messaging.operation.name": "enqueue",
      "messaging.operation.type": "send",
      "apium.task.name": name,
      ...(count === 1 ? {} : { "messaging.batch.message_count": count }),
    },
  });
  if (span === undefined) return accept(options);
  return span.around(async () => {
    const answer = await accept({ ...options, headers: { ...parted(options.headers).others, ...span.carrier() } });
    const [first] = [answer].flat() as Accepted[];
    if (first !== undefined) span.set({ "messaging.destination.name": first.queue });
    if (first !== undefined && count === 1) span.set({ "messaging.message.id": first.id });
    return answer;
  });
}

/** How an attempt ended, for its span. */
export type AttemptOutcome = "success" | "waiting" | "retry" | "failure" | "revoked" | "given back";

export interface TracedTask {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly attempt: number;
  readonly retries: number;
  readonly parentId: string | null;
  readonly headers: Readonly<Record<string, string>> | null;
}

/** One attempt in the trace of its task. */
export class AttemptSpan {
  readonly #span: OpenSpan;
  #isOver = false;

  private constructor(span: OpenSpan) {
    this.#span = span;
  }

  /** `undefined` where the task carries no trace that is recorded. */
  static of(task: TracedTask, worker: string): AttemptSpan | undefined {
    if (task.headers?.traceparent === undefined) return undefined;
    const attributes = attributesOf(task, worker);
    const span = OpenSpan.after(task.headers, { name: `run ${task.name}`, kind: "consumer", attributes });
    return span === undefined ? undefined : new AttemptSpan(span);
  }

  run<Result>(work: () => Result): Result {
    return this.#span.run(work);
  }

  /** Once; what comes later is somebody who has not heard of it. An attempt that failed has its error with it. */
  end(outcome: AttemptOutcome, error?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#span.set({ "apium.task.outcome": outcome });
    if (error !== undefined) this.#span.fail(error);
    this.#span.end();
  }
}

function attributesOf(task: TracedTask, worker: string): SpanAttributes {
  const correlationId = task.headers?.["correlation-id"];
  return {
    ...SYSTEM,
    "messaging.operation.name": "run",
    "messaging.operation.type": "process",
    "messaging.destination.name": task.queue,
    "messaging.message.id": task.id,
    ...(correlationId === undefined ? {} : { "messaging.message.conversation_id": correlationId }),
    "apium.task.name": task.name,
    "apium.task.attempt": task.attempt,
    "apium.task.retries": task.retries,
    "apium.worker": worker,
    ...(task.parentId === null ? {} : { "apium.task.parent_id": task.parentId }),
  };
}
