// A caller for tests that runs nothing: it checks what it is given as the real one does, remembers it, and answers
// "was this enqueued?".
import { isDeepStrictEqual } from "node:util";
import { paramsText } from "../caller/index.ts";
import { parseEnqueueOptions } from "../contract/enqueue-options.ts";
import { ApiumError } from "../contract/errors.ts";
import { type Foundation, foundation } from "../contract/foundation.ts";
import type { AcceptedTask, AnyTask, CallOptions, TaskCaller } from "../contract/task-definition.ts";

export interface RecordedTask {
  readonly id: string;
  readonly name: string;
  /** As a worker would see them: checked, and through JSON. */
  readonly params: unknown;
  readonly options: Omit<CallOptions, "tx">;
}

export class RecordingCaller implements TaskCaller {
  readonly recorded: RecordedTask[] = [];
  readonly #parts: Foundation = foundation();

  async enqueue(task: AnyTask, params: unknown, options: CallOptions = {}): Promise<AcceptedTask> {
    const { tx, ...given } = options;
    const checked = parseEnqueueOptions(given);
    const id = checked.taskId ?? this.#parts.newId();
    this.recorded.push({ id, name: task.taskName, params: JSON.parse(paramsText(task, params)), options: checked });
    return { id, state: "QUEUED", queue: checked.queue ?? task.settings.queue ?? "default", created: true };
  }

  async enqueueMany(task: AnyTask, params: readonly unknown[], options?: CallOptions): Promise<AcceptedTask[]> {
    return Promise.all(params.map((item) => this.enqueue(task, item, options)));
  }

  async callAndWait(task: AnyTask): Promise<never> {
    throw new ApiumError("WAIT_TIMEOUT", `${task.taskName} was recorded, not run: nothing can be waited for`);
  }

  /** What was enqueued of one task. */
  enqueued(task: AnyTask): RecordedTask[] {
    return this.recorded.filter(({ name }) => name === task.taskName);
  }

  /** @throws Error that shows what was enqueued instead. Given params and options need only be a part of the real ones. */
  assertEnqueued(task: AnyTask, params?: object, options?: object): RecordedTask {
    const found = this.enqueued(task).find(
      (recorded) => holds(recorded.params, params) && holds(recorded.options, options),
    );
    if (found !== undefined) return found;
    const wanted = JSON.stringify({ params, options });
    throw new Error(`${task.taskName} was not enqueued with ${wanted}; ${this.#told()}`);
  }

  /** @throws Error that shows what was enqueued. */
  assertNothingEnqueued(task?: AnyTask): void {
    const found = task === undefined ? this.recorded : this.enqueued(task);
    if (found.length > 0) throw new Error(`nothing should have been enqueued; ${this.#told()}`);
  }

  #told(): string {
    if (this.recorded.length === 0) return "nothing was enqueued";
    return `enqueued were:\n${this.recorded.map(({ name, params, options }) => `  ${name} ${JSON.stringify({ params, options })}`).join("\n")}`;
  }
}

export function recordingCaller(): RecordingCaller {
  return new RecordingCaller();
}

/** Every entry of `part` stands in `whole`. */
function holds(whole: unknown, part: object | undefined): boolean {
  const all = (whole ?? {}) as Record<string, unknown>;
  return Object.entries(part ?? {}).every(([key, value]) => isDeepStrictEqual(all[key], value));
}
