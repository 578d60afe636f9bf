/**
 * The backends a task runtime can stand on, for suites that run on all of them: embedded (PGlite), PostgreSQL as queue,
 * and PostgreSQL with JetStream. Everything is real; each backend has a database and a nats-server of its own.
 */
import { migrate, openPostgres } from "../../database/index.ts";
import {
  type InlineHandler,
  JetStreamQueue,
  PostgresQueue,
  RUNTIME_MIGRATIONS,
  Runtime,
  type RuntimeOptions,
} from "../../runtime/index.ts";
import { openEmbedded } from "./embedded-database.ts";
import { startNats } from "./servers/index.ts";
import { createDatabase } from "./temporary-database.ts";

export interface Backend {
  /** A runtime that is not started yet; stopped with the backend. */
  runtime(options?: Partial<RuntimeOptions>): Runtime;
  /** A runtime with these handlers, started. */
  running(handlers: readonly InlineHandler[], options?: Partial<RuntimeOptions>): Promise<Runtime>;
  /** Stops the runtimes made for the test that just ended. */
  reset(): Promise<void>;
  close(): Promise<void>;
  readonly database: RuntimeOptions["database"];
  readonly natsUrl: string | undefined;
}

export type BackendName = "pglite" | "postgres" | "jetstream";

/** Backends that can be had here: with CI=true all of them must be. */
export function availableBackends(): BackendName[] {
  const servers = process.env.TEST_DATABASE_URL !== undefined || process.env.CI === "true";
  return servers ? ["pglite", "postgres", "jetstream"] : ["pglite"];
}

export async function openBackend(name: BackendName): Promise<Backend> {
  const cleanups: (() => Promise<unknown>)[] = [];
  let database: RuntimeOptions["database"];
  if (name === "pglite") database = await openEmbedded();
  else {
    const temporary = await createDatabase(process.env.TEST_DATABASE_URL ?? "");
    database = openPostgres({ url: temporary.url });
    cleanups.push(() => temporary.drop());
  }
  const nats = name === "jetstream" ? await startNats() : undefined;
  if (nats) cleanups.push(() => nats.stop());
  await migrate(database, [RUNTIME_MIGRATIONS]);
  const opened: Runtime[] = [];

  const runtime = (options: Partial<RuntimeOptions> = {}): Runtime => {
    const made = new Runtime({
      database,
      queue: (parts, expect) =>
        nats
          ? new JetStreamQueue({ url: nats.url, database }, parts, expect)
          : new PostgresQueue(database, parts, expect),
      ...options,
    });
    opened.push(made);
    return made;
  };
  const backend: Backend = {
    database,
    natsUrl: nats?.url,
    runtime,
    async running(handlers, options) {
      const made = runtime(options);
      for (const handler of handlers) made.handle(handler);
      await made.start();
      return made;
    },
    async reset() {
      await Promise.all(opened.splice(0).map((one) => one.stop(2_000)));
    },
    async close() {
      await backend.reset();
      await database.close();
      for (const cleanup of cleanups.reverse()) await cleanup();
    },
  };
  return backend;
}

/**
 * Waits until `check` gives something, asking often; the error of the last try says why not. The time is for what never
 * comes about: a busy machine is slow, not wrong.
 */
export async function eventually<Value>(
  check: () => Promise<Value | undefined | false>,
  withinMs = 30_000,
): Promise<Value> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    let last: unknown;
    try {
      const value = await check();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw last ?? new Error(`did not come about within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
