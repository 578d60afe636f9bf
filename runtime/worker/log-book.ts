// What runs say of their tasks, gathered in one worker and written in one statement a few times a second, and soon when a
// run ends. Nobody waits for it, and nothing is done where nothing is said. While the database is away lines wait, up to
// a bound. Lost are: what a killed worker had not written yet, what was beyond the bound, and, when the database's machine
// loses its power, its last moment (ADR 3). A line whose write was cut off may be there twice.
import type { Database, Statement } from "../../database/index.ts";
import { detached, instantArray, isTransient, plainArray, textArray } from "../../database/index.ts";
import { type Cancel, sleep } from "../contract/clock.ts";
import type { Foundation } from "../contract/foundation.ts";
import type { LogLine } from "../contract/log-line.ts";

const WRITE_EVERY_MS = 250;
/** A run has ended: its lines are written at once, or this long after the last write. */
const SOON_MS = 25;
const RETRY_AFTER_MS = 1_000;
const BATCH_LINES = 500;
/** Characters that may wait for a database that is away. */
const MOST_WAITING = 8_000_000;
/** What a line takes besides its text. */
const LINE_OVERHEAD = 200;

const WRITE: Statement = {
  name: "write_task_log",
  text: `insert into task_log (task_id, attempt, at, level, message, data, worker)
         select u.task_id, u.attempt, u.at, u.level, u.message, u.data, $7
         from unnest($1::text::uuid[], $2::text::integer[], $3::text::timestamptz[], $4::text::text[], $5::text::text[],
                     $6::text::json[]) as u(task_id, attempt, at, level, message, data)`,
};

export interface Said extends LogLine {
  readonly taskId: string;
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export class LogBook {
  readonly #database: Database;
  readonly #parts: Foundation;
  readonly #worker: string;
  #waiting: Said[] = [];
  #waitingSize = 0;
  #lost = 0;
  #flight: Promise<void> | undefined;
  #cancel: Cancel | undefined;
  /** Both on the monotonic clock. */
  #wakesAt = Number.POSITIVE_INFINITY;
  #notBefore = 0;
  #stopped = false;

  constructor(database: Database, parts: Foundation, worker: string) {
    this.#database = database;
    this.#parts = parts;
    this.#worker = worker;
  }

  /** Keeps a line. Never throws, and returns at once. */
  add(line: Said): void {
    if (this.#stopped) return;
    const size = sizeOf(line);
    if (this.#waitingSize + size > MOST_WAITING) {
      this.#lost++;
      return;
    }
    this.#waiting.push(line);
    this.#waitingSize += size;
    this.#wakeWithin(WRITE_EVERY_MS);
  }

  /** Somebody is about to look: a run has ended. */
  hurry(): void {
    if (this.#waiting.length === 0 || this.#stopped) return;
    const { clock } = this.#parts;
    if (this.#flight === undefined && clock.monotonic() >= this.#notBefore) void this.#write();
    else this.#wakeWithin(SOON_MS);
  }

  /** Writes what waits, within `timeoutMs`, and takes nothing more. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    const over = new AbortController();
    const written = this.#writeLast().then(() => over.abort());
    await Promise.race([written, sleep(this.#parts.clock, timeoutMs, over.signal)]);
    this.#waiting = [];
  }

  async #writeLast(): Promise<void> {
    await this.#flight;
    if (this.#waiting.length > 0) await this.#write();
  }

  #wakeWithin(delayMs: number): void {
    const { clock } = this.#parts;
    const at = Math.max(clock.monotonic() + delayMs, this.#notBefore);
    if (at >= this.#wakesAt) return;
    this.#cancel?.();
    this.#wakesAt = at;
    this.#cancel = detached(() => clock.after(at - clock.monotonic(), () => this.#wake()));
  }

  #wake(): void {
    this.#wakesAt = Number.POSITIVE_INFINITY;
    if (this.#flight === undefined) void this.#write();
    else this.#wakeWithin(SOON_MS);
  }

  #write(): Promise<void> {
    this.#flight = detached(() => this.#writeAll()).finally(() => {
      this.#flight = undefined;
      if (this.#waiting.length > 0 && !this.#stopped) this.#wakeWithin(WRITE_EVERY_MS);
    });
    return this.#flight;
  }

  /** What waits now; not what comes meanwhile, or a chatty run would keep it busy for good. */
  async #writeAll(): Promise<void> {
    const lines = this.#waiting;
    this.#waiting = [];
    this.#notBefore = this.#parts.clock.monotonic() + SOON_MS;
    for (let start = 0; start < lines.length; start += BATCH_LINES) {
      const batch = lines.slice(start, start + BATCH_LINES);
      try {
        await this.#insert(batch);
        this.#forget(batch);
        this.#tellLost();
      } catch (error) {
        if (isTransient(error)) return this.#putBack(lines.slice(start), error);
        this.#forget(batch);
        this.#parts.log.warn(`${batch.length} lines of task logs could not be written`, error);
      }
    }
  }

  async #insert(lines: readonly Said[]): Promise<void> {
    await this.#database.relaxed.query(WRITE, [
      plainArray(lines.map(({ taskId }) => taskId)),
      plainArray(lines.map(({ attempt }) => attempt)),
      instantArray(lines.map(({ at }) => at)),
      plainArray(lines.map(({ level }) => level)),
      textArray(lines.map(({ message }) => message)),
      textArray(lines.map(({ data }) => data)),
      this.#worker,
    ]);
  }

  #putBack(lines: readonly Said[], error: unknown): void {
    this.#parts.log.debug(`${lines.length} lines of task logs wait for the database`, error);
    this.#waiting = [...lines, ...this.#waiting];
    this.#notBefore = this.#parts.clock.monotonic() + RETRY_AFTER_MS;
  }

  #forget(lines: readonly Said[]): void {
    for (const line of lines) this.#waitingSize -= sizeOf(line);
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    this.#parts.log.warn(`${this.#lost} lines of task logs were dropped while the database was away`);
    this.#lost = 0;
  }
}

function sizeOf({ message, data }: LogLine): number {
  return message.length + (data?.length ?? 0) + LINE_OVERHEAD;
}
