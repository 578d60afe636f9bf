// The database port over PGlite: PostgreSQL in a thread of this process, its files in DATA_DIR.
// It is one connection. A transaction takes it; everything else waits its turn, in order. It does not fsync: a
// killed process loses nothing that was committed, a power cut may.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { ApiumError, messageOf } from "../runtime/contract/errors.ts";
import { AfterCommit } from "./after-commit.ts";
import { lockDataDir } from "./data-dir-lock.ts";
import type { Database, Parameter, Queryable, QueryResult, Statement, Transaction } from "./database.ts";
import { kyselyOver } from "./kysely-bridge.ts";
import { holding, refuseWhileHolding } from "./open-transaction.ts";
import type { ThreadData, ThreadReply, ThreadRequest } from "./pglite-protocol.ts";

export interface PGliteOptions {
  /** Folder of the files, locked against a second process; `memory` keeps nothing. */
  readonly dataDir: string | "memory";
  /**
   * PostgreSQL's own cache, in megabytes; default 128. It is filled with zeros when it is opened, which takes a second of a
   * core for 128; with less, a long queue runs slower.
   */
  readonly sharedBuffersMb?: number | undefined;
  readonly onError?: ((message: string) => void) | undefined;
}

const DEFAULT_SHARED_BUFFERS_MB = 128;

type Unnumbered<Request> = Request extends ThreadRequest ? Omit<Request, "id"> : never;

/** @throws ApiumError `DATA_DIR_LOCKED` when another process holds the folder. */
export async function openPGlite(options: PGliteOptions): Promise<Database> {
  const report = options.onError ?? (() => {});
  const inMemory = options.dataDir === "memory";
  const release = inMemory ? () => {} : lockDataDir(options.dataDir);
  const folder = inMemory ? "memory://" : join(options.dataDir, "pglite");
  if (!inMemory) mkdirSync(folder, { recursive: true });
  const thread = await PGliteThread.start({
    dataDir: folder,
    sharedBuffersMb: options.sharedBuffersMb ?? DEFAULT_SHARED_BUFFERS_MB,
  }).catch((error: unknown) => {
    release();
    throw error;
  });
  const turns = new Turns();

  const ask = (statement: Statement | string, parameters: readonly Parameter[], hot: boolean) =>
    thread.ask({ kind: "query", text: typeof statement === "string" ? statement : statement.text, parameters, hot });
  const send = (statement: Statement | string, parameters: readonly Parameter[]) => ask(statement, parameters, false);
  const hot: Queryable = {
    async query<Row>(statement: Statement | string, parameters: readonly Parameter[] = []) {
      refuseWhileHolding(database);
      return turns.free(() => ask(statement, parameters, true) as Promise<QueryResult<Row>>);
    },
    kysely: <Schema>() => kyselyOver<Schema>((text, parameters) => hot.query(text, parameters)),
  };

  const database: Database = {
    engine: "pglite",
    async query<Row>(statement: Statement | string, parameters: readonly Parameter[] = []) {
      refuseWhileHolding(database);
      return turns.free(() => send(statement, parameters) as Promise<QueryResult<Row>>);
    },
    kysely: <Schema>() => kyselyOver<Schema>((text, parameters) => database.query(text, parameters)),
    hot,
    relaxed: hot,
    async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
      refuseWhileHolding(database);
      const afterCommit = new AfterCommit(report);
      const tx: Transaction = {
        isTransaction: true,
        query: <Row>(statement: Statement | string, parameters: readonly Parameter[] = []) =>
          send(statement, parameters) as Promise<QueryResult<Row>>,
        kysely: <Schema>() => kyselyOver<Schema>(send),
        afterCommit: afterCommit.add,
      };
      const result = await turns.alone(async () => {
        await send("begin", []);
        try {
          const value = await holding(database, () => work(tx));
          await send("commit", []);
          return value;
        } catch (error) {
          await send("rollback", []).catch(() => {});
          throw error;
        }
      });
      await afterCommit.run();
      return result;
    },
    refuseWhileHeld: () => refuseWhileHolding(database),
    async script(text) {
      refuseWhileHolding(database);
      await turns.free(() => thread.ask({ kind: "script", text }));
    },
    async listen(channel, receive) {
      thread.receivers.set(channel, receive);
      await turns.free(() => thread.ask({ kind: "listen", channel }));
      return async () => {
        thread.receivers.delete(channel);
        await turns.free(() => thread.ask({ kind: "unlisten", channel }));
      };
    },
    async now() {
      const { rows } = await database.query<{ ms: number }>(
        "select extract(epoch from clock_timestamp()) * 1000 as ms",
      );
      return rows[0]?.ms ?? Number.NaN;
    },
    async close() {
      await turns.alone(() => thread.close());
      release();
    },
  };
  return database;
}

/** The one connection's turns: statements flow through in order, a transaction has the connection to itself. */
class Turns {
  #taken = false;
  readonly #queue: { readonly alone: boolean; readonly start: () => void }[] = [];

  /** A single statement. The thread answers in order, so it waits only for transactions before it. */
  async free<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#taken || this.#queue.length > 0) await this.#turn(false);
    return work();
  }

  async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#taken || this.#queue.length > 0) await this.#turn(true);
    this.#taken = true;
    try {
      return await work();
    } finally {
      this.#taken = false;
      this.#next();
    }
  }

  #turn(alone: boolean): Promise<void> {
    return new Promise((start) => this.#queue.push({ alone, start }));
  }

  #next(): void {
    while (!this.#taken) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#taken = next.alone;
      next.start();
    }
  }
}

class PGliteThread {
  readonly receivers = new Map<string, (payload: string) => void>();
  readonly #worker: Worker;
  readonly #waiting = new Map<
    number,
    { resolve: (result: QueryResult<unknown>) => void; reject: (error: Error) => void }
  >();
  #next = 1;
  #gone: ApiumError | undefined;

  static async start(workerData: ThreadData): Promise<PGliteThread> {
    const worker = new Worker(new URL("./pglite-thread.ts", import.meta.url), { workerData });
    const thread = new PGliteThread(worker);
    await thread.#ready();
    return thread;
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  #ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#worker.on("message", (reply: ThreadReply) => {
        if (reply.kind === "ready") return resolve();
        if (reply.kind === "broken") {
          return reject(new ApiumError("STORE_UNAVAILABLE", `the embedded database does not open: ${reply.message}`));
        }
        this.#receive(reply);
      });
      const lost = (reason: string) => {
        this.#gone ??= new ApiumError("STORE_UNAVAILABLE", `the embedded database has stopped: ${reason}`);
        for (const { reject: rejectOne } of this.#waiting.values()) rejectOne(this.#gone);
        this.#waiting.clear();
        reject(this.#gone);
      };
      this.#worker.on("error", (error) => lost(messageOf(error)));
      this.#worker.on("exit", (code) => lost(`exit ${code}`));
    });
  }

  ask(request: Unnumbered<ThreadRequest>): Promise<QueryResult<unknown>> {
    if (this.#gone) return Promise.reject(this.#gone);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id } as ThreadRequest);
    });
  }

  #receive(reply: ThreadReply): void {
    if (reply.kind === "notification") this.receivers.get(reply.channel)?.(reply.payload);
    if (reply.kind !== "result" && reply.kind !== "error") return;
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === "result") waiting?.resolve({ rows: reply.rows, affected: reply.affected });
    else waiting?.reject(Object.assign(new Error(reply.message), withoutUndefined(reply)));
  }

  async close(): Promise<void> {
    await this.ask({ kind: "close" }).catch(() => {});
    this.#gone = new ApiumError("STORE_UNAVAILABLE", "the embedded database was closed");
    await this.#worker.terminate();
  }
}

function withoutUndefined(reply: Extract<ThreadReply, { kind: "error" }>): Record<string, string> {
  const { code, detail, constraint } = reply;
  return Object.fromEntries(
    Object.entries({ code, detail, constraint }).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
}
