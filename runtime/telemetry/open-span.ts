// A span while it is open, and the rules all of ours keep: a trace begins at a door (a request, a slot of a schedule) and
// everything else only continues one that is being recorded. So what is not traced costs a look at the context and
// carries nothing. Spans hold names, counts, codes and ids; never a parameter, an address or the words of an error.
import type { EventEmitter } from "node:events";
import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { ERRORS } from "../contract/error-catalogue.ts";
import { codeOf } from "../contract/errors.ts";

/** What of a trace travels with a message: W3C's `traceparent`, and `tracestate` where somebody has one. */
export type Carrier = Readonly<Record<string, string>>;
export type SpanAttributes = Attributes;

export interface SpanStart {
  /** Of few values: the name of a task, an action, a route. */
  readonly name: string;
  readonly kind?: "internal" | "server" | "client" | "producer" | "consumer" | undefined;
  readonly attributes?: SpanAttributes | undefined;
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;
/** What an error may be called in a trace. */
const ERROR_NAME = /^[\w.-]{1,64}$/;

export class OpenSpan {
  readonly #span: Span;
  readonly #context: Context;
  #isEnded = false;

  private constructor(span: Span, parent: Context) {
    this.#span = span;
    this.#context = trace.setSpan(parent, span);
  }

  /** Begins a trace, or goes on with the one that `carrier` brings; `undefined` when it is not to be recorded. */
  static atDoor(start: SpanStart, carrier?: Carrier): OpenSpan | undefined {
    return OpenSpan.#open(start, carrier === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, carrier));
  }

  /** Goes on with the trace that a message brings; `undefined` where it brings none that is recorded. */
  static after(carrier: Carrier | null | undefined, start: SpanStart): OpenSpan | undefined {
    if (carrier?.traceparent === undefined) return undefined;
    const parent = propagation.extract(ROOT_CONTEXT, carrier);
    return isRecorded(parent) ? OpenSpan.#open(start, parent) : undefined;
  }

  /** Goes on with the trace of the code that runs; `undefined` where that is in none that is recorded. */
  static here(start: SpanStart): OpenSpan | undefined {
    const parent = context.active();
    return isRecorded(parent) ? OpenSpan.#open(start, parent) : undefined;
  }

  static #open({ name, kind = "internal", attributes = {} }: SpanStart, parent: Context): OpenSpan | undefined {
    const span = trace.getTracer("apium").startSpan(name, { kind: KINDS[kind], attributes }, parent);
    return span.isRecording() ? new OpenSpan(span, parent) : undefined;
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  /** Runs work inside the span; leaves it open. */
  run<Result>(work: () => Result): Result {
    return context.with(this.#context, work);
  }

  /** Listeners of `emitter` run inside the span, whoever emits. */
  bind(emitter: EventEmitter): void {
    context.bind(this.#context, emitter);
  }

  /** Runs work inside the span and ends it with it. */
  async around<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await this.run(work);
    } catch (error) {
      this.fail(error);
      throw error;
    } finally {
      this.end();
    }
  }

  /** What a message takes along, so that its receiver goes on from here. */
  carrier(): Carrier {
    const carrier: Record<string, string> = {};
    propagation.inject(this.#context, carrier);
    return parted(carrier).trace;
  }

  name(name: string): void {
    this.#span.updateName(name);
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributes);
  }

  /** Notes what went wrong by its code, with the catalogue's words for it and no others. */
  fail(error: unknown): void {
    const type = errorName(error);
    const meaning = Object.hasOwn(ERRORS, type) ? ERRORS[type as keyof typeof ERRORS].meaning : undefined;
    this.#span.addEvent("exception", {
      "exception.type": type,
      ...(meaning === undefined ? {} : { "exception.message": meaning }),
    });
    this.failAs(type);
  }

  /** The same where there is no error to be named, only a kind: a status. */
  failAs(type: string): void {
    this.#span.setAttribute("error.type", type);
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: type });
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#span.end();
  }
}

/** Runs work in a span of its own where a trace is being recorded, else as it is. */
export function spanned<Result>(
  start: SpanStart,
  work: (span: OpenSpan | undefined) => Promise<Result>,
): Promise<Result> {
  const span = OpenSpan.here(start);
  return span === undefined ? work(undefined) : span.around(() => work(span));
}

/** Runs work in a span that begins a trace, where traces are recorded, else as it is. */
export function atDoor<Result>(start: SpanStart, work: () => Promise<Result>): Promise<Result> {
  const span = OpenSpan.atDoor(start);
  return span === undefined ? work() : span.around(work);
}

/** Runs work in the trace that a message brings, and in none where it brings none, whatever the caller is in. */
export function inTraceOf<Result>(carrier: Carrier | null | undefined, work: () => Result): Result {
  if (carrier?.traceparent !== undefined) return context.with(propagation.extract(ROOT_CONTEXT, carrier), work);
  return trace.getActiveSpan() === undefined ? work() : context.with(ROOT_CONTEXT, work);
}

/** The trace that is being recorded around the code that runs. */
export function activeTraceId(): string | undefined {
  return recordedIn(context.active())?.traceId;
}

/** A task's headers in two: the trace they carry, and the others. */
export function parted(headers: Carrier = {}): { readonly trace: Carrier; readonly others: Carrier } {
  const { traceparent, tracestate, ...others } = headers;
  if (traceparent === undefined) return { trace: {}, others };
  return { trace: { traceparent, ...(tracestate === undefined ? {} : { tracestate }) }, others };
}

function isRecorded(from: Context): boolean {
  return recordedIn(from) !== undefined;
}

function recordedIn(from: Context): SpanContext | undefined {
  const span = trace.getSpanContext(from);
  return span !== undefined && (span.traceFlags & TraceFlags.SAMPLED) !== 0 ? span : undefined;
}

function errorName(error: unknown): string {
  const code = codeOf(error);
  if (code !== undefined && ERROR_NAME.test(code)) return code;
  return error instanceof Error && ERROR_NAME.test(error.name) ? error.name : "Error";
}
