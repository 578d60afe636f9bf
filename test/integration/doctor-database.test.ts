/** The doctor and the servers under the platform: connections and the clock of PostgreSQL, the limits of JetStream. */
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { z } from "zod";
import { checkProcess, Disk, processFacts } from "../../runtime/control/index.ts";
import { defineTask } from "../../runtime/index.ts";
import { checkConnections } from "../../services/doctor/connections.ts";
import { checkEngine } from "../../services/doctor/engine.ts";
import { type Backend, eventually, openBackend } from "../support/backends.ts";
import { describeWith } from "../support/requires.ts";

const PATIENCE_MS = 90_000;
const note = defineTask({ name: "note", params: z.object({}), queue: "email" });

describeWith(["postgres", "nats"], "the doctor, on PostgreSQL with JetStream", () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openBackend("jetstream");
  }, 400_000);
  afterEach(() => backend.reset(), 180_000);
  afterAll(() => backend.close(), 180_000);

  const parts = () => {
    const { database, queue, parts } = backend.runtime();
    return { database, queue, clock: parts.clock, disk: new Disk("/"), lagP99Ms: () => 0 };
  };

  test("tells how near the database is to the connections it gives, of the server's and of its own", async () => {
    const { database } = backend;
    const limit = (connections: number) =>
      database.script(
        `do $$ begin execute format('alter database %I connection limit ${connections}', current_database()); end $$`,
      );
    const ofDatabase = async () =>
      (await checkConnections(database)).filter(({ subject }) => subject === "the database");
    expect(await ofDatabase()).toEqual([]);
    await limit(1);
    expect(await ofDatabase()).toMatchObject([
      {
        ...{ severity: "warning", code: "CONNECTIONS_NEARLY_USED_UP" },
        message: expect.stringMatching(/^\d+ of the 1 connections that the database gives are in use$/),
      },
    ]);
    await limit(500);
    expect(await ofDatabase()).toEqual([]);
  }, 400_000);

  test("measures the machine's clock by the database's", async () => {
    const own = parts();
    const now = () => backend.database.now();
    const by = async (offsetMs: number) => {
      const database = { ...backend.database, now: async () => (await now()) + offsetMs };
      const { machineAheadMs } = await processFacts({ ...own, queue: backend.runtime().queue, database }, "web-1");
      return machineAheadMs;
    };
    // Both are of one machine.
    expect(Math.abs(await by(0))).toBeLessThan(1_000);
    expect(Math.round((await by(60_000)) / 10_000)).toBe(-6);
    expect(Math.round((await by(-60_000)) / 10_000)).toBe(6);
  }, 400_000);

  test("says that NATS is away, in time, when it was never there", async () => {
    const facts = await processFacts(parts(), "web-1");
    expect(facts).toMatchObject({ databaseAway: undefined, room: { path: "/" } });
    // However full this machine's disk is.
    expect(checkProcess({ ...facts, room: undefined })).toMatchObject([{ code: "NATS_AWAY", severity: "error" }]);
  }, 400_000);

  test("finds a stream of a queue that is near the limit it was given", async () => {
    const runtime = backend.runtime({ queues: [] });
    runtime.define(note);
    await runtime.start();
    expect(checkEngine(await runtime.queue.limits())).toEqual([]);
    const connection = await connect({ servers: new URL(backend.natsUrl ?? "").host });
    const manager = await jetstreamManager(connection);
    await manager.streams.update("TASKS_EMAIL", { max_msgs: 10 });
    await note.enqueueMany(
      runtime,
      Array.from({ length: 9 }, () => ({})),
    );
    const findings = await eventually(async () => {
      const found = checkEngine(await runtime.queue.limits());
      return found.length > 0 && found;
    }, PATIENCE_MS);
    expect(findings).toMatchObject([
      { code: "STREAM_NEARLY_FULL", subject: "TASKS_EMAIL", message: expect.stringContaining("9 of the 10 messages") },
    ]);
    await connection.close();
  }, 400_000);
});
