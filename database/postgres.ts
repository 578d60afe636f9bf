// The database port over a PostgreSQL server. Four doors to one server: a pool for everything, one whose planner looks
// rows up by index only, the same with commits that do not wait for the disk, and one connection that listens.
import pg from "pg";
import { AfterCommit } from "./after-commit.ts";
import type {
  Database,
  Parameter,
  Queryable,
  QueryResult,
  Statement,
  Transaction,
  TransactionOptions,
} from "./database.ts";
import { startDeputy } from "./deputy.ts";
import { kyselyOver } from "./kysely-bridge.ts";
import { holding, refuseWhileHolding } from "./open-transaction.ts";
import { PatientPool } from "./patient-pool.ts";
import { storeError } from "./store-error.ts";

export interface PostgresOptions {
  readonly url: string;
  /** Connections for queries and transactions; the runtime's own come on top (10 at most). Default 8; 4 in all are enough. */
  readonly poolSize?: number | undefined;
  readonly applicationName?: string | undefined;
  readonly onError?: ((message: string) => void) | undefined;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Longer than any statement of ours; a silent partition must not hold a caller for ever. */
const QUERY_TIMEOUT_MS = 60_000;
/**
 * The server ends a transaction, and with it its locks, whose process has sent nothing for this long: a hung worker
 * would else keep its task's row locked against the rescuer for as long as it hangs.
 */
const IDLE_TRANSACTION_TIMEOUT_MS = 10_000;
/** A peer that has gone without a word is noticed 10 s after this (Linux: ten probes, one a second). */
const KEEP_ALIVE_AFTER_MS = 5_000;
/** What a burst has opened goes back to a server that others need too; one of each pool stays. */
const IDLE_TIMEOUT_MS = 20_000;
const HOT_CONNECTIONS = 5;
const RELAXED_CONNECTIONS = 3;
/** See ADR 5: a plan that reads the whole table is never right for these statements. */
const BY_INDEX_ONLY =
  "-c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off -c enable_bitmapscan=off " +
  "-c enable_material=off -c plan_cache_mode=force_generic_plan -c jit=off";
const RELISTEN_AFTER_MS = 1_000;

const INT8 = 20;
const DATE = 1082;
const NUMERIC = 1700;
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: string) => {
    if (oid === INT8 || oid === NUMERIC) return Number;
    if (oid === DATE) return String;
    return pg.types.getTypeParser(oid, format as "text");
  }) as typeof pg.types.getTypeParser,
};

export function openPostgres(options: PostgresOptions): Database {
  const report = options.onError ?? (() => {});
  const newPool = (max: number, serverOptions?: string) =>
    new PatientPool({
      connectionString: options.url,
      min: 1,
      max,
      types,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      application_name: options.applicationName ?? "apium",
      onError: report,
      ...(serverOptions === undefined ? {} : { options: serverOptions }),
    });
  const pool = newPool(options.poolSize ?? 8);
  const hotPool = newPool(HOT_CONNECTIONS, BY_INDEX_ONLY);
  const relaxedPool = newPool(RELAXED_CONNECTIONS, `${BY_INDEX_ONLY} -c synchronous_commit=off`);
  const listener = new Listener(options.url, report);

  const database: Database = {
    engine: "postgres",
    async query<Row>(statement: Statement | string, parameters: readonly Parameter[] = []) {
      return runFree<Row>(database, pool, statement, parameters);
    },
    kysely: <Schema>() => kyselyOver<Schema>((text, parameters) => database.query(text, parameters)),
    hot: over((statement, parameters) => runFree(database, hotPool, statement, parameters)),
    relaxed: over((statement, parameters) => runFree(database, relaxedPool, statement, parameters)),
    transaction: (work, options) => transact(database, pool, work, options ?? {}, report),
    refuseWhileHeld: () => refuseWhileHolding(database),
    async script(text) {
      refuseWhileHolding(database);
      await pool.query({ text }).catch(rethrow);
    },
    listen: (channel, receive) => listener.listen(channel, receive),
    deputise: (duty) => startDeputy(options.url, duty),
    async now() {
      const { rows } = await run<{ ms: number }>(pool, NOW, []);
      return rows[0]?.ms ?? Number.NaN;
    },
    async close() {
      await Promise.all([listener.close(), pool.end(), hotPool.end(), relaxedPool.end()]);
    },
  };
  return database;
}

const NOW: Statement = { name: "now", text: "select extract(epoch from clock_timestamp()) * 1000 as ms" };

type Runner = (statement: Statement | string, parameters: readonly Parameter[]) => Promise<QueryResult<unknown>>;

function over(runner: Runner): Queryable {
  return {
    query: <Row>(statement: Statement | string, parameters: readonly Parameter[] = []) =>
      runner(statement, parameters) as Promise<QueryResult<Row>>,
    kysely: <Schema>() => kyselyOver<Schema>(runner),
  };
}

async function runFree<Row>(
  database: object,
  pool: PatientPool,
  statement: Statement | string,
  parameters: readonly Parameter[],
): Promise<QueryResult<Row>> {
  refuseWhileHolding(database);
  return run<Row>(pool, statement, parameters);
}

async function run<Row>(
  target: PatientPool | pg.PoolClient,
  statement: Statement | string,
  parameters: readonly Parameter[],
): Promise<QueryResult<Row>> {
  const config = typeof statement === "string" ? { text: statement } : statement;
  try {
    const result = await target.query({ ...config, values: parameters as unknown[] });
    return { rows: result.rows as Row[], affected: result.rowCount ?? 0 };
  } catch (error) {
    throw storeError(error);
  }
}

async function transact<Result>(
  database: Database,
  pool: PatientPool,
  work: (tx: Transaction) => Promise<Result>,
  options: TransactionOptions,
  report: (message: string) => void,
): Promise<Result> {
  refuseWhileHolding(database);
  const client = await pool.connect().catch(rethrow);
  // Why the connection broke is said here once; a query that comes later only hears that it is broken.
  let lost: Error | undefined;
  const onError = (error: Error) => {
    lost ??= error;
  };
  client.on("error", onError);
  const afterCommit = new AfterCommit(report);
  const ask = (statement: Statement | string, parameters: readonly Parameter[]) =>
    run(client, statement, parameters).catch((error: unknown) => {
      throw lost === undefined ? error : storeError(lost);
    });
  const queryable = over(ask);
  const tx: Transaction = { ...queryable, isTransaction: true, afterCommit: afterCommit.add };
  let broken: Error | undefined;
  let result: Result;
  try {
    // One round trip for both: a script may hold several statements.
    await ask(beginning(options), []);
    result = await holding(database, () => work(tx));
    await ask("commit", []);
  } catch (error) {
    await client.query("rollback").catch((cause: Error) => {
      broken = cause;
    });
    throw storeError(error);
  } finally {
    client.off("error", onError);
    client.release(broken);
  }
  await afterCommit.run();
  return result;
}

function beginning({ idleTimeoutMs, byIndex }: TransactionOptions): string {
  return [
    "begin",
    ...(idleTimeoutMs === undefined
      ? []
      : [`set local idle_in_transaction_session_timeout = ${Math.ceil(idleTimeoutMs)}`]),
    // What has no index is then priced so high that the server would compile it first, for a second.
    ...(byIndex === true ? ["set local enable_seqscan = off", "set local jit = off"] : []),
  ].join("; ");
}

/** One connection for all channels, rebuilt when it breaks. */
class Listener {
  readonly #url: string;
  readonly #report: (message: string) => void;
  readonly #receivers = new Map<string, Set<(payload: string) => void>>();
  #client: pg.Client | undefined;
  #closed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(url: string, report: (message: string) => void) {
    this.#url = url;
    this.#report = report;
  }

  async listen(channel: string, receive: (payload: string) => void): Promise<() => Promise<void>> {
    const receivers = this.#receivers.get(channel) ?? new Set();
    const isNew = receivers.size === 0;
    receivers.add(receive);
    this.#receivers.set(channel, receivers);
    if (this.#client === undefined) await this.#connect();
    else if (isNew) await this.#client.query(`listen ${pg.escapeIdentifier(channel)}`);
    return async () => {
      receivers.delete(receive);
      if (receivers.size > 0) return;
      this.#receivers.delete(channel);
      await this.#client?.query(`unlisten ${pg.escapeIdentifier(channel)}`).catch(() => {});
    };
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: "apium-listener",
    });
    client.on("notification", (message) => {
      for (const receive of this.#receivers.get(message.channel) ?? []) receive(message.payload ?? "");
    });
    client.on("error", (error) => this.#lost(client, error));
    client.on("end", () => this.#lost(client, undefined));
    try {
      await client.connect();
      for (const channel of this.#receivers.keys()) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
      this.#client = client;
    } catch (error) {
      client.end().catch(() => {});
      throw storeError(error);
    }
  }

  #lost(client: pg.Client, error: Error | undefined): void {
    if (this.#client !== client || this.#closed) return;
    this.#client = undefined;
    if (error) this.#report(`the listening database connection failed: ${error.message}`);
    this.#reconnectLater();
  }

  #reconnectLater(): void {
    this.#retry = setTimeout(() => {
      this.#connect().catch(() => {
        if (!this.#closed) this.#reconnectLater();
      });
    }, RELISTEN_AFTER_MS);
    this.#retry.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#client?.end().catch(() => {});
  }
}

function rethrow(error: unknown): never {
  throw storeError(error);
}
