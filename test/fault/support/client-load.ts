/**
 * Clients of the system behind its proxy: a bounded, steady stream of requests that never repeats one. What was answered is
 * kept, what failed in words. Posts of tasks carry a task id, a key, or neither; posts of datasets carry nothing that would
 * let anybody repeat them, and are counted apart.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { fleetEffect } from "./fleet-tasks.ts";

/** A client's patience. How soon answers come is told, and depends on the machine; that they come does not. */
const ANSWER_MS = 30_000;
const WAIT = "60s";
const WAIT_ANSWER_MS = 70_000;
const MOST_AT_ONCE = 30;
const QUEUES = ["default", "high_priority", "email", "reports"];

export interface Failure {
  readonly what: string;
  readonly why: string;
  readonly at: number;
  readonly ms: number;
}

export interface LoadReport {
  readonly requests: number;
  /** Sorted milliseconds of what need not wait for a task. */
  readonly latencies: readonly number[];
  readonly failures: readonly Failure[];
  /** Ids of tasks that a client was told are accepted. */
  readonly accepted: ReadonlySet<string>;
  /** Names of datasets that a client was told are made, and of those whose post failed. */
  readonly datasets: { readonly made: readonly string[]; readonly failed: readonly string[] };
  /** Requests that were not sent, because as many as there may be were under way. */
  readonly held: number;
}

/** The kinds of requests, in turn; every other one is a post of a task. */
const TURN = ["id", "list", "key", "one", "none", "sites", "key", "queues", "wait", "one", "id", "dataset"] as const;
type Kind = (typeof TURN)[number];

export class ClientLoad {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #running: Promise<void>;
  readonly #underWay = new Set<Promise<void>>();
  readonly #latencies: number[] = [];
  readonly #failures: Failure[] = [];
  readonly #accepted: string[] = [];
  readonly #datasets = { made: [] as string[], failed: [] as string[] };
  #sent = 0;
  #held = 0;
  #isOver = false;

  constructor(url: string, token: string, perSecond: number) {
    this.#url = url;
    this.#headers = { Authorization: `Bearer ${token}` };
    this.#running = this.#run(1_000 / perSecond);
  }

  async stop(): Promise<LoadReport> {
    this.#isOver = true;
    await this.#running;
    await Promise.all(this.#underWay);
    return {
      requests: this.#sent,
      latencies: this.#latencies.sort((a, b) => a - b),
      failures: this.#failures,
      accepted: new Set(this.#accepted),
      datasets: this.#datasets,
      held: this.#held,
    };
  }

  /** At even times, however long answers take. */
  async #run(everyMs: number): Promise<void> {
    const begin = performance.now();
    for (let n = 0; !this.#isOver; n += 1) {
      const due = begin + n * everyMs - performance.now();
      if (due > 0) await sleep(due);
      if (this.#underWay.size >= MOST_AT_ONCE) {
        this.#held += 1;
        continue;
      }
      const asking = this.#ask(TURN[n % TURN.length] ?? "list", n);
      this.#underWay.add(asking);
      void asking.finally(() => this.#underWay.delete(asking));
    }
  }

  async #ask(kind: Kind, n: number): Promise<void> {
    const { method, path, body, headers = {}, wanted, withinMs = ANSWER_MS } = this.#requestOf(kind, n);
    const at = Date.now();
    const began = performance.now();
    this.#sent += 1;
    let why: string | undefined;
    let answer: { readonly id?: string } = {};
    try {
      const response = await fetch(`${this.#url}/api/v1${path}`, {
        method,
        headers: {
          ...this.#headers,
          ...headers,
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        signal: AbortSignal.timeout(withinMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.status !== wanted) why = `${response.status} ${text.slice(0, 300)}`;
      else answer = JSON.parse(text) as typeof answer;
    } catch (error) {
      const { message, cause } = error as Error;
      why = `${message}: ${cause instanceof Error ? cause.message : ""}`;
    }
    const ms = Math.round(performance.now() - began);
    if (kind !== "wait") this.#latencies.push(ms);
    if (why !== undefined) this.#failures.push({ what: `${method} ${path}`, why, at, ms });
    if (kind === "dataset") this.#datasets[why === undefined ? "made" : "failed"].push((body as { name: string }).name);
    else if (method === "POST" && answer.id !== undefined) this.#accepted.push(answer.id);
  }

  #requestOf(kind: Kind, n: number): Asked {
    const known = this.#accepted.at(-1 - (n % 50)) ?? this.#accepted.at(-1);
    if (kind === "one" && known !== undefined) return { method: "GET", path: `/tasks/${known}`, wanted: 200 };
    if (kind === "sites") return { method: "GET", path: "/sites", wanted: 200 };
    if (kind === "queues") return { method: "GET", path: "/queues", wanted: 200 };
    if (kind === "list" || kind === "one") return { method: "GET", path: "/tasks?limit=20", wanted: 200 };
    if (kind === "dataset") {
      return { method: "POST", path: "/datasets", wanted: 201, body: { name: randomUUID(), rows: [n] } };
    }
    // Most are short; some are under way when their worker is killed or told to stop.
    const ms = n % 16 === 0 ? 2_500 : 20 + (n % 7) * 30;
    const queue = QUEUES[(n >> 2) % QUEUES.length];
    const options = { queue, ...(kind === "id" ? { taskId: randomUUID() } : {}) };
    const post = { method: "POST", body: { name: fleetEffect.taskName, params: { n, ms }, options } };
    if (kind === "wait") return { ...post, path: `/tasks?wait=${WAIT}`, wanted: 200, withinMs: WAIT_ANSWER_MS };
    const headers = kind === "key" ? { "Idempotency-Key": randomUUID() } : {};
    return { ...post, path: "/tasks", headers, wanted: 202 };
  }
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly wanted: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly withinMs?: number;
}
