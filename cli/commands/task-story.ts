// The story of a task, look by look: what became of it and what its handlers have said, in the order of time. Each look
// gives what is new. Lines are asked for after the state, so that a task seen as ended has nothing left but what its worker
// is writing that moment.
import type { Answer, Client } from "../client.ts";
import { hasEnded, progressText } from "./task-words.ts";

const PAGE = 1_000;

export interface Entry {
  /** Null of progress: it has no time, it is the latest. */
  readonly at: string | null;
  readonly kind: "accepted" | "started" | "attempt" | "log" | "progress" | "ended";
  readonly attempt: number | null;
  /** Of a log line. */
  readonly level?: string;
  readonly text: string;
  readonly data?: unknown;
}

export interface Look {
  readonly name: string;
  readonly state: string;
  /** What is new, its end left out. */
  readonly entries: readonly Entry[];
  /** Its end, when it has come. */
  readonly end: Entry | undefined;
}

export class TaskStory {
  readonly #client: Client;
  readonly #path: string;
  readonly #level: string | undefined;
  readonly #told = new Set<string>();
  #after = 0;

  constructor(client: Client, task: string, level: string | undefined) {
    this.#client = client;
    this.#path = `/tasks/${encodeURIComponent(task)}`;
    this.#level = level;
  }

  async look(): Promise<Look> {
    const view = await this.#client.get(this.#path);
    const lines = await this.#lines();
    const entries = [...this.#fresh(beginnings(view)), ...lines, ...this.#fresh(outcomes(view))];
    // Entries of one instant stay in this order; those without one are the latest.
    entries.sort((a, b) => timeOf(a) - timeOf(b));
    return { name: view.name, state: view.state, entries, end: hasEnded(view.state) ? endOf(view) : undefined };
  }

  async #lines(): Promise<Entry[]> {
    const found: Entry[] = [];
    for (;;) {
      const query = { after: this.#after, limit: PAGE, level: this.#level };
      const { items, nextCursor } = await this.#client.get(`${this.#path}/logs`, query);
      for (const { at, attempt, level, message, data } of items) {
        found.push({ at, kind: "log", attempt, level, text: message, ...(data === null ? {} : { data }) });
      }
      this.#after = items.at(-1)?.seq ?? this.#after;
      if (nextCursor === null) return found;
    }
  }

  #fresh(entries: readonly Entry[]): Entry[] {
    return entries.filter((entry) => {
      // Whose a start was is forgotten when the task waits for children; it is the same start.
      const key = [entry.kind, entry.attempt, entry.kind === "started" ? "" : entry.text].join(" ");
      return !this.#told.has(key) && this.#told.add(key);
    });
  }
}

function timeOf({ at }: Entry): number {
  return at === null ? Number.MAX_SAFE_INTEGER : Date.parse(at);
}

function beginnings(view: Answer): Entry[] {
  const starts = [...(view.attempts ?? []), view].filter(({ startedAt }) => startedAt !== null);
  return [
    { at: view.createdAt, kind: "accepted", attempt: null, text: `${view.name} in ${view.queue}` },
    ...starts.map(({ startedAt, attempt, worker }): Entry => {
      return { at: startedAt, kind: "started", attempt, text: worker === null ? "" : `on ${worker}` };
    }),
  ];
}

function outcomes(view: Answer): Entry[] {
  const attempts = (view.attempts ?? []).map(
    ({ endedAt, attempt, outcome, error }: Answer): Entry => ({
      at: endedAt,
      kind: "attempt",
      attempt,
      text: error === null ? outcome : `${outcome}: ${error.message}`,
    }),
  );
  if (view.progress === null) return attempts;
  return [...attempts, { at: null, kind: "progress", attempt: view.attempt, text: progressText(view.progress) }];
}

function endOf({ finishedAt, attempt, state, reason }: Answer): Entry {
  return { at: finishedAt, kind: "ended", attempt, text: reason === null ? state : `${state} ${reason}` };
}
