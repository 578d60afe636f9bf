/**
 * A watcher of `/events` as a browser is one: it comes back with the id of what it had last. It writes down whatever breaks
 * the promise that it misses nothing without being told so.
 */
import { setTimeout as sleep } from "node:timers/promises";

const AGAIN_MS = 300;
const ENDS = ["succeeded", "failed", "revoked"];

/** A stretch in which it was told everything. */
export interface Stretch {
  readonly from: number;
  until: number;
}

export class EventWatcher {
  readonly problems: string[] = [];
  /** When it was told of a task's end. */
  readonly ends = new Map<string, number>();
  readonly stretches: Stretch[] = [];
  connections = 0;
  resets = 0;
  continued = 0;
  refused = 0;
  readonly #url: string;
  readonly #token: string;
  readonly #over = new AbortController();
  readonly #running: Promise<void>;
  #lastId: string | undefined;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#watch().catch(() => {});
      await sleep(AGAIN_MS, undefined, { signal: this.#over.signal }).catch(() => {});
    }
  }

  async #watch(): Promise<void> {
    const response = await fetch(`${this.#url}/events`, {
      signal: this.#over.signal,
      headers: {
        Authorization: `Bearer ${this.#token}`,
        ...(this.#lastId === undefined ? {} : { "Last-Event-ID": this.#lastId }),
      },
    });
    if (response.status !== 200) {
      this.refused += 1;
      return;
    }
    this.connections += 1;
    const isBack = this.#lastId !== undefined;
    let stretch: Stretch | undefined;
    let isFirst = true;
    let text = "";
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      const messages = text.split("\n\n");
      text = messages.pop() ?? "";
      stretch ??= this.#begin();
      stretch.until = Date.now();
      for (const message of messages) {
        const [id, event, data] = ["id", "event", "data"].map(
          (key) => new RegExp(`^${key}: (.*)$`, "m").exec(message)?.[1],
        );
        if (id === undefined || event === undefined) continue;
        this.#take(id, event, data ?? "{}", isBack && isFirst);
        isFirst = false;
      }
    }
  }

  #begin(): Stretch {
    const stretch = { from: Date.now(), until: Date.now() };
    this.stretches.push(stretch);
    return stretch;
  }

  #take(id: string, event: string, data: string, isFirstOfReturn: boolean): void {
    if (event === "reset") this.resets += 1;
    else if (this.#lastId !== undefined && id !== after(this.#lastId)) {
      this.problems.push(`was told ${id} after ${this.#lastId}, and of no reset`);
    } else if (isFirstOfReturn) this.continued += 1;
    this.#lastId = id;
    if (event !== "tasks") return;
    const { events, dropped } = JSON.parse(data) as { events: { type: string; id: string }[]; dropped: number };
    if (dropped > 0) this.problems.push(`${dropped} events were dropped`);
    for (const one of events) if (ENDS.includes(one.type)) this.ends.set(one.id, Date.now());
  }
}

function after(id: string): string {
  const [feed = "", number] = id.split("-");
  return `${feed}-${Number(number) + 1}`;
}
