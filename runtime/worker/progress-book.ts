// Progress of running tasks, written at most twice a second, the latest word of each task only.
import type { Database, Statement } from "../../database/index.ts";
import { byIndex, detached, plainArray, textArray } from "../../database/index.ts";
import type { Foundation } from "../contract/foundation.ts";

const WRITE_EVERY_MS = 500;

const WRITE: Statement = {
  name: "write_progress",
  text: `update task t set progress = p.progress
         from unnest($1::text::uuid[], $2::text::integer[], $3::text::json[]) as p(id, attempt, progress)
         where ${byIndex("t.id", "p.id")} and t.attempt = p.attempt and t.state = 'STARTED'`,
};

export interface Progress {
  readonly id: string;
  readonly attempt: number;
  readonly fraction: number;
  readonly message: string | undefined;
}

export class ProgressBook {
  readonly #database: Database;
  readonly #parts: Foundation;
  readonly #latest = new Map<string, Progress>();
  #scheduled = false;

  constructor(database: Database, parts: Foundation) {
    this.#database = database;
    this.#parts = parts;
  }

  note(progress: Progress): void {
    this.#latest.set(progress.id, progress);
    if (this.#scheduled) return;
    this.#scheduled = true;
    detached(() => this.#parts.clock.after(WRITE_EVERY_MS, () => void this.#write()));
  }

  forget(id: string): void {
    if (this.#latest.size > 0) this.#latest.delete(id);
  }

  async #write(): Promise<void> {
    this.#scheduled = false;
    const entries = [...this.#latest.values()];
    this.#latest.clear();
    if (entries.length === 0) return;
    try {
      await this.#database.relaxed.query(WRITE, [
        plainArray(entries.map((entry) => entry.id)),
        plainArray(entries.map((entry) => entry.attempt)),
        textArray(entries.map(({ fraction, message }) => JSON.stringify({ fraction, message: message ?? null }))),
      ]);
    } catch (error) {
      this.#parts.log.debug("progress could not be written", error);
    }
  }
}
