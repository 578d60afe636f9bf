// Calls of the cache service that end: answered, refused, or given up after the time limit. A node that leaves several
// calls in a row unanswered is left alone for a second, so that an outage costs its callers one wait and not one each.
//
// Calls for one key go to one node while several run (the actions' Shard strategy), because what a node knows of its own
// (leases while Redis is away, the in-process store) is worth nothing on another. Moleculer prefers a local node to its
// strategy, so the strategy is asked here.
import type { ServiceBroker } from "moleculer";
import {
  ApiumError,
  afterSilence,
  type Clock,
  codeOf,
  ERRORS,
  type ErrorCode,
  type Log,
  messageOf,
} from "../../../runtime/index.ts";
import type { ClientCounts } from "./counts.ts";

const FAILURES_UNTIL_REST = 3;
const REST_MS = 1_000;
/** An answer that comes later than the limit is still looked at until this many times the limit. */
const LATE_LIMITS = 20;
const SERVICE = "cache";

interface Endpoint {
  readonly id: string;
  readonly local: boolean;
  readonly isAvailable: boolean;
}

interface BrokerInternals {
  readonly registry: {
    getActionEndpoints(
      name: string,
    ): { endpoints: Endpoint[]; select(list: Endpoint[], ctx: { params: object; meta: object }): Endpoint } | undefined;
  };
}

interface Trouble {
  failures: number;
  restUntil: number;
}

export interface ReachParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly counts: ClientCounts;
  readonly timeoutMs: number;
}

export class Reach {
  readonly #broker: ServiceBroker;
  readonly #parts: ReachParts;
  readonly #troubles = new Map<string, Trouble>();
  #isAway = false;

  constructor(broker: ServiceBroker, parts: ReachParts) {
    this.#broker = broker;
    this.#parts = parts;
  }

  /**
   * The answer, or `undefined` when there was none within the limit. One that comes after it goes to `late`, which gives
   * back what was granted to somebody who has gone.
   * @throws ApiumError what the service refuses as wrong: `PARAMS_INVALID`, `CACHE_LOCKED`, `CACHE_KEY_MISSING`, ….
   */
  async ask<Answer>(action: string, params: object, late?: (answer: Answer) => void): Promise<Answer | undefined> {
    const { clock, counts, timeoutMs } = this.#parts;
    const nodeID = this.#nodeFor(`${SERVICE}.${action}`, params);
    if (nodeID === undefined) return this.#missed(`no node runs the service`);
    const trouble = this.#troubles.get(nodeID);
    if (trouble !== undefined && clock.monotonic() < trouble.restUntil) {
      counts.spared++;
      counts.unanswered++;
      return undefined;
    }
    // While the first call after a rest is out, the others keep resting.
    if (trouble !== undefined && trouble.failures >= FAILURES_UNTIL_REST) {
      trouble.restUntil = clock.monotonic() + REST_MS;
    }
    try {
      const options = { nodeID, timeout: LATE_LIMITS * timeoutMs };
      const answer = await this.#inTime(
        this.#broker.call<Answer, object>(`${SERVICE}.${action}`, params, options),
        late,
      );
      this.#answered(nodeID);
      return answer;
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal === undefined) return this.#failed(nodeID, error);
      this.#answered(nodeID);
      if (refusal.code !== "CACHE_UNAVAILABLE") throw refusal;
      counts.unanswered++; // The node is well, its store is not.
      return undefined;
    }
  }

  #inTime<Answer>(call: Promise<Answer>, late: ((answer: Answer) => void) | undefined): Promise<Answer> {
    const { clock, timeoutMs } = this.#parts;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const cancel = afterSilence(clock, timeoutMs, () => {
        isOver = true;
        reject(new Error(`no answer within ${timeoutMs} ms`));
      });
      call.then(
        (answer) => {
          cancel();
          if (isOver) late?.(answer);
          else resolve(answer);
        },
        (error: unknown) => {
          cancel();
          reject(error);
        },
      );
    });
  }

  #nodeFor(action: string, params: object): string | undefined {
    const list = (this.#broker as unknown as BrokerInternals).registry.getActionEndpoints(action);
    const available = list?.endpoints.filter(({ isAvailable }) => isAvailable) ?? [];
    if (list === undefined || available.length < 2) return available[0]?.id;
    if (!("key" in params || "name" in params)) return (available.find(({ local }) => local) ?? available[0])?.id;
    try {
      return list.select(available, { params, meta: {} }).id;
    } catch {
      // The ring still holds a node that has just gone; Moleculer mends it with the next word from any node.
      return available.map(({ id }) => id).sort()[0];
    }
  }

  #answered(nodeID: string): void {
    if (this.#troubles.size > 0) this.#troubles.delete(nodeID);
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#parts.log.info("cache: answers again");
  }

  #failed(nodeID: string, error: unknown): undefined {
    const trouble = this.#troubles.get(nodeID) ?? { failures: 0, restUntil: 0 };
    trouble.failures++;
    if (trouble.failures >= FAILURES_UNTIL_REST) trouble.restUntil = this.#parts.clock.monotonic() + REST_MS;
    this.#troubles.set(nodeID, trouble);
    return this.#missed(`${nodeID}: ${messageOf(error)}`);
  }

  #missed(why: string): undefined {
    this.#parts.counts.unanswered++;
    if (!this.#isAway) this.#parts.log.warn(`cache: going on without it (${why})`);
    this.#isAway = true;
    return undefined;
  }
}

/** An error with which the service says no, as opposed to one that says nothing. */
function refusalIn(error: unknown): ApiumError | undefined {
  const code = codeOf(error);
  if (code === undefined || !(code in ERRORS)) return undefined;
  if (ERRORS[code as ErrorCode].status >= 500 && code !== "CACHE_UNAVAILABLE") return undefined;
  if (error instanceof ApiumError) return error;
  const { fields, details } = dataOf(error);
  return new ApiumError(code as ErrorCode, messageOf(error), {
    cause: error,
    ...(fields === undefined ? {} : { fields }),
    ...(details === undefined ? {} : { details }),
  });
}

function dataOf(error: unknown): Partial<Pick<ApiumError, "fields" | "details">> {
  const { data } = error as { data?: unknown };
  return typeof data === "object" && data !== null ? data : {};
}
