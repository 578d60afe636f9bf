// SQL conditions that grow with what a filter names, and their parameters. What filters of tasks, of ended tasks and of
// dead letters share is here: which rows, and text in what they hold.
import { containing, type Parameter, plainArray, textArray } from "../../database/index.ts";
import { ApiumError } from "../contract/errors.ts";
import { queueNamed } from "../contract/queues.ts";
import { isTaskId } from "../contract/task-id.ts";

export interface Named {
  readonly ids?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly queue?: string | undefined;
}

export class Conditions {
  readonly parameters: Parameter[] = [];
  readonly #parts: string[] = [];

  /** False while nothing narrows it. */
  get isAny(): boolean {
    return this.#parts.length === 0;
  }

  get where(): string {
    return this.#parts.join(" and ");
  }

  /** `condition` is given the placeholder of `value`; without a value there is none. */
  add(value: Parameter | undefined, condition: (place: string) => string): this {
    return value === undefined ? this : this.and(condition(this.#placeOf(value)));
  }

  and(condition: string): this {
    this.#parts.push(condition);
    return this;
  }

  /** @throws ApiumError `PARAMS_INVALID` for what is no id, `QUEUE_UNKNOWN`. */
  addNamed({ ids, name, queue }: Named): this {
    const strange = ids?.find((id) => !isTaskId(id));
    if (strange !== undefined) throw refusedField("ids", `"${strange}" is not an id`);
    return this.add(ids && plainArray(ids), (place) => `id = any(${place}::text::uuid[])`)
      .add(name, (place) => `name = ${place}`)
      .add(queue && queueNamed(queue), (place) => `queue = ${place}`);
  }

  addHeader(name: string, value: string): this {
    return this.and(`headers->>${this.#placeOf(name)}::text = ${this.#placeOf(value)}`);
  }

  /** Text in one of these, whatever its case. Rows of `sensitive` tasks are not looked at. */
  addText(text: string | undefined, within: readonly string[], sensitive: readonly string[]): this {
    if (text === undefined) return this;
    this.add(containing(text), (place) => `(${within.map((one) => `${one} ilike ${place}`).join(" or ")})`);
    if (sensitive.length === 0) return this;
    return this.add(textArray(sensitive), (place) => `(name is null or name <> all(${place}::text::text[]))`);
  }

  /** From `since` on, before `until`. */
  addSpan(column: string, since: Date | undefined, until: Date | undefined): this {
    return this.add(since?.toISOString(), (place) => `${column} >= ${place}::timestamptz`).add(
      until?.toISOString(),
      (place) => `${column} < ${place}::timestamptz`,
    );
  }

  #placeOf(value: Parameter): string {
    this.parameters.push(value);
    return `$${this.parameters.length}`;
  }
}

export function refusedField(field: string, message: string): ApiumError {
  return new ApiumError("PARAMS_INVALID", "the request is not valid", { fields: [{ field, message }] });
}
