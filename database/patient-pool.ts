// A pool of connections to a server that has only so many: while it has no more to give, the pool makes do with those it
// has, and whoever needs another waits a moment instead of being refused. Nothing was sent for him yet.
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { codeOf } from "../runtime/contract/errors.ts";

export interface PatientPoolOptions extends pg.PoolConfig {
  readonly max: number;
  /** How long a caller waits in line for a connection, and how long at most he is sent back to it by a full server. */
  readonly connectionTimeoutMillis: number;
  readonly onError: (message: string) => void;
}

/** too_many_connections: of the server, the database or the role. https://www.postgresql.org/docs/15/errcodes-appendix.html */
const SERVER_IS_FULL = "53300";
/** Each refusal costs the server a process. */
const ASK_AGAIN_AFTER_MS = 50;
const MAKE_DO_FOR_MS = 1_000;
const SAY_AGAIN_AFTER_MS = 60_000;

export class PatientPool {
  readonly #options: PatientPoolOptions;
  readonly #pool: pg.Pool;
  #grow: NodeJS.Timeout | undefined;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(options: PatientPoolOptions) {
    this.#options = options;
    this.#pool = new pg.Pool(options);
    this.#pool.on("error", (error) => options.onError(`an idle database connection failed: ${error.message}`));
  }

  query(config: pg.QueryConfig): Promise<pg.QueryResult> {
    return this.#patiently(() => this.#pool.query(config));
  }

  connect(): Promise<pg.PoolClient> {
    return this.#patiently(() => this.#pool.connect());
  }

  async end(): Promise<void> {
    clearTimeout(this.#grow);
    await this.#pool.end();
  }

  async #patiently<Result>(ask: () => Promise<Result>): Promise<Result> {
    const giveUpAt = performance.now() + this.#options.connectionTimeoutMillis;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (codeOf(error) !== SERVER_IS_FULL || performance.now() > giveUpAt) throw error;
        this.#makeDo();
        await sleep(ASK_AGAIN_AFTER_MS * (0.5 + Math.random()));
      }
    }
  }

  /** The pool looks at its line only when a connection comes back; one more may be had now, and comes back at once. */
  #serveTheLine(): void {
    if (this.#pool.waitingCount === 0 || this.#pool.ending) return;
    this.connect().then(
      (client) => client.release(),
      () => {}, // Who waits in line is told by himself.
    );
  }

  /** For a while whoever comes gets in line for the connections there are, and none asks the server for another. */
  #makeDo(): void {
    const { max, onError } = this.#options;
    const { totalCount } = this.#pool;
    this.#pool.options.max = Math.max(1, totalCount);
    clearTimeout(this.#grow);
    this.#grow = setTimeout(() => {
      this.#pool.options.max = max;
      this.#serveTheLine();
    }, MAKE_DO_FOR_MS);
    this.#grow.unref();
    if (performance.now() - this.#saidAt < SAY_AGAIN_AFTER_MS) return;
    this.#saidAt = performance.now();
    onError(
      `the database gives no more connections (${SERVER_IS_FULL}): work waits for the ${totalCount} that are open here. ` +
        "Raise max_connections, or the limit of the role or the database: docs/operations.md says how many are needed",
    );
  }
}
