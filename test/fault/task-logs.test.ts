/** A worker is killed in the middle of its sentence: what it said is there, and the next attempt goes on below it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { migrate, openPostgres } from "../../database/index.ts";
import { listTaskLogs, PostgresQueue, RUNTIME_MIGRATIONS, Runtime } from "../../runtime/index.ts";
import { eventually } from "../support/backends.ts";
import { bareEnvironment } from "../support/bare-environment.ts";
import { describeWith } from "../support/requires.ts";
import { createDatabase } from "../support/temporary-database.ts";
import { TALKER, talkOn } from "./support/talk-on.ts";

const WORKER = fileURLToPath(new URL("./support/talking-worker.ts", import.meta.url));
/** A quarter of a second by its clock, and time enough for a busy machine. */
const MOST_LOST_MS = 5_000;
/** Of a process, by the name it has at the database. */
const CONNECTIONS = "select 1 from pg_stat_activity where application_name = $1";

describeWith(["postgres"], "a worker that is killed while its task talks", (url = "") => {
  test("loses its last moment and nothing else", async () => {
    const temporary = await createDatabase(url);
    const database = openPostgres({ url: temporary.url });
    await migrate(database, [RUNTIME_MIGRATIONS]);
    const runtime = new Runtime({ database, queue: (parts, expected) => new PostgresQueue(database, parts, expected) });
    runtime.handle({ task: talkOn, run: (_params, { log }) => log.info("done") });
    await runtime.open();
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", WORKER], {
      env: { ...bareEnvironment(), TALK_DATABASE: temporary.url },
      stdio: ["ignore", "ignore", "inherit"],
    });
    try {
      const { id } = await talkOn.enqueue(runtime, {});
      const lines = async () => (await listTaskLogs(database, id, { limit: 1_000 })).items;
      await eventually(async () => (await lines()).length > 50, 90_000);
      child.kill("SIGKILL");
      await once(child, "exit");
      const killedAt = runtime.parts.clock.now();
      // What it had sent may be written a moment later.
      await eventually(async () => (await database.query(CONNECTIONS, [TALKER])).rows.length === 0);
      const before = await lines();
      await runtime.work();
      await runtime.result(id, "90s");
      await eventually(async () => (await lines()).length > before.length);
      const after = await lines();
      expect(after.slice(0, -1)).toEqual(before);
      expect(before.map(({ attempt, message }) => `${attempt} ${message}`)).toEqual(
        before.map((_line, index) => `1 word ${index + 1}`),
      );
      expect(killedAt - Date.parse(before.at(-1)?.at ?? "")).toBeLessThan(MOST_LOST_MS);
      expect(after.at(-1)).toMatchObject({ attempt: 2, message: "done" });
      expect((await runtime.getTask(id)).attempts).toMatchObject([{ attempt: 1, outcome: "lost" }]);
    } finally {
      child.kill("SIGKILL");
      await runtime.stop(1_000);
      await database.close();
      await temporary.drop();
    }
  }, 400_000);
});
