// The port to PostgreSQL: one interface for a server (`pg`) and for the embedded one (PGlite in a thread of its own).
// Statements are SQL text with parameters that are text, numbers, booleans, Dates or null; lists travel as one array
// literal (`array-literal.ts`), because the two drivers serialise JavaScript arrays differently.

import type { Kysely } from "kysely";
import type { TransactionHandle } from "../runtime/contract/task-definition.ts";

export type Parameter = string | number | boolean | Date | Uint8Array | null;

/** A statement that is prepared once per connection under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export interface QueryResult<Row> {
  readonly rows: Row[];
  readonly affected: number;
}

// biome-ignore lint/suspicious/noExplicitAny: each room brings the tables it knows: `db.tables as Kysely<MyTables>`.
export type Tables = any;

export interface Queryable {
  /** @throws ApiumError `STORE_UNAVAILABLE`, `STORE_TIMEOUT`, `QUERY_OUTSIDE_TRANSACTION`; other errors as PostgreSQL gives them. */
  query<Row>(statement: Statement | string, parameters?: readonly Parameter[]): Promise<QueryResult<Row>>;
  /** Typed query building for everything that is not a hot path. */
  kysely<Schema = Tables>(): Kysely<Schema>;
}

export interface Transaction extends Queryable, TransactionHandle {
  /** Runs after the commit, in order; never after a rollback. Errors are logged, not thrown. */
  afterCommit(run: () => void | Promise<void>): void;
}

export interface TransactionOptions {
  /**
   * The server ends the transaction, and with it its locks, when its process has sent nothing for this long: it is
   * frozen or gone. Without effect where the database is in the process itself.
   */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * Rows are looked up by index, whatever the statistics last said: for bulk inserts into tables that were small a moment
   * ago, where the checks of foreign keys would otherwise read the whole table for each row (ADR 5).
   */
  readonly byIndex?: boolean | undefined;
}

/** A statement that must be repeated, whatever the event loop is busy with. */
export interface Duty {
  readonly statement: Statement;
  readonly parameters: readonly Parameter[];
  /** The deputy acts when nobody has for this long. */
  readonly afterMs: number;
  /** It stops when its owner's thread has given no sign of life for this long. */
  readonly untilMs: number;
  /** The statement changed no row. Told once until the owner has done its duty again. */
  readonly onRefused: () => void;
  /** The deputy is gone; its owner goes on alone. */
  readonly onError: (message: string) => void;
}

export interface Deputy {
  /** The owner's thread is at work. */
  alive(): void;
  /** The owner did it by itself just now. */
  done(): void;
  /** Milliseconds since one of the two last did it. */
  ageMs(): number;
  stop(): Promise<void>;
}

export interface Database extends Queryable {
  readonly engine: "postgres" | "pglite";
  /** Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>, options?: TransactionOptions): Promise<Result>;
  /**
   * For statements over lists of keys, on tables whose size changes by orders of magnitude within minutes: here the
   * planner looks rows up by index and nothing else, whatever its statistics last said (see ADR 5).
   */
  readonly hot: Queryable;
  /** The same for statements whose commit may be lost in a power cut, because a later durable one proves them (ADR 3). */
  readonly relaxed: Queryable;
  /**
   * For work that is handed on to others and waited for.
   * @throws ApiumError `QUERY_OUTSIDE_TRANSACTION` when this flow of control holds a transaction open.
   */
  refuseWhileHeld(): void;
  /** Runs a script of several statements. */
  script(text: string): Promise<void>;
  /** Subscribes to NOTIFY on a channel until the returned function is called. A hint only: notifications can be lost. */
  listen(channel: string, receive: (payload: string) => void): Promise<() => Promise<void>>;
  /**
   * Starts a thread with a connection of its own that stands in when this thread is blocked. It keeps no process alive.
   * Missing where the database is part of the process: nobody else could notice a silence there.
   */
  deputise?(duty: Duty): Deputy;
  /** The database's own time in milliseconds since the epoch. */
  now(): Promise<number>;
  close(): Promise<void>;
}
