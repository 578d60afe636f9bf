// A caller for tests that runs nothing: it checks what it is given as the real one does, remembers it, and answers
// "was this enqueued?".
import { isDeepStrictEqual } from "node:util";
import type { EnqueueOptions } from "../contract/enqueue-options.ts";
import { ApiumError } from "../contract/errors.ts";
import { type Foundation, foundation } from "../contract/foundation.ts";
import type { Routes } from "../contract/routes.ts";
import type { AcceptedTask, AnyTask, CallOptions, TaskCaller, WaitOptions } from "../contract/task-definition.ts";
import { type Intake, type IntakeParts, takeIn, takeInMany } from "./intake.ts";

export interface RecordedTask {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  /** As a worker would see them: checked, and through JSON. */
  readonly params: unknown;
  readonly options: EnqueueOptions;
}

export class RecordingCaller implements TaskCaller {
  readonly recorded: RecordedTask[] = [];
  readonly #parts: Foundation & IntakeParts;

  constructor(options: { readonly routes?: Routes | undefined } = {}) {
    this.#parts = { ...foundation(), routes: options.routes ?? (() => undefined) };
  }

  async enqueue(task: AnyTask, params: unknown, options: CallOptions = {}): Promise<AcceptedTask> {
    return this.#record(takeIn(task, params, options, this.#parts));
  }

  async enqueueMany(task: AnyTask, params: readonly unknown[], options: CallOptions = {}): Promise<AcceptedTask[]> {
    return takeInMany(task, params, options, this.#parts).map((intake) => this.#record(intake));
  }

  /** @throws ApiumError `WAIT_TIMEOUT` always, once it is recorded: nothing runs here. */
  async callAndWait(task: AnyTask, params: unknown, options: WaitOptions = {}): Promise<never> {
    const { timeout, ...call } = options;
    await this.enqueue(task, params, call);
    throw new ApiumError("WAIT_TIMEOUT", `${task.taskName} was recorded, not run: nothing can be waited for`);
  }

  /** What was enqueued of one task. */
  enqueued(task: AnyTask): RecordedTask[] {
    return this.recorded.filter(({ name }) => name === task.taskName);
  }

  /** @throws Error that shows what was enqueued instead. Given params and options need only be a part of the real ones. */
  assertEnqueued(task: AnyTask, params?: object, options?: EnqueueOptions): RecordedTask {
    const found = this.enqueued(task).find((one) => holds(one.params, params) && holds(one.options, options));
    if (found !== undefined) return found;
    const wanted = params === undefined && options === undefined ? "" : ` with ${JSON.stringify({ params, options })}`;
    throw new Error(`${task.taskName} was not enqueued${wanted}; ${this.#told()}`);
  }

  /** @throws Error that shows what was enqueued. */
  assertNothingEnqueued(task?: AnyTask): void {
    const found = task === undefined ? this.recorded : this.enqueued(task);
    if (found.length > 0) throw new Error(`nothing should have been enqueued; ${this.#told()}`);
  }

  #record({ placement, text, options }: Intake): AcceptedTask {
    const { name, queue, state } = placement;
    const id = options.taskId ?? this.#parts.newId();
    this.recorded.push({ id, name, queue, params: JSON.parse(text), options });
    return { id, state, queue, created: true };
  }

  #told(): string {
    if (this.recorded.length === 0) return "nothing was enqueued";
    const lines = this.recorded.map(({ name, params, options }) => `  ${name} ${JSON.stringify({ params, options })}`);
    return `enqueued were:\n${lines.join("\n")}`;
  }
}

export function recordingCaller(options?: { readonly routes?: Routes | undefined }): RecordingCaller {
  return new RecordingCaller(options);
}

/** Every entry of `part` stands in `whole`; both as JSON, so that dates and their texts are the same. */
function holds(whole: unknown, part: object | undefined): boolean {
  const all = plain(whole);
  return Object.entries(plain(part)).every(([key, value]) => isDeepStrictEqual(all[key], value));
}

function plain(value: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value ?? {}));
}
