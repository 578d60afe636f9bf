/**
 * The commands of README, docs and examples, run as they are written, one page after the other, against the product they
 * speak of. Those of deploy/ speak of other machines.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { npmStart, runBlock, type Started, startsIn } from "../support/document-commands.ts";
import { type Block, blocksOf, pages } from "../support/documents.ts";
import { adminToken, client } from "../support/programs.ts";
import { freePort } from "../support/servers/free-port.ts";
import { startNats } from "../support/servers/index.ts";
import { createDatabase } from "../support/temporary-database.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const shells = pages()
  .filter(({ path }) => path === "README.md" || /^(docs|examples)\//.test(path))
  .flatMap(blocksOf)
  .filter(({ language }) => language === "sh");
const run = shells.filter(({ info }) => info === "");
/** Several `npm start` in a block are one system of several processes. */
const several = run.filter((block) => startsIn(block).length > 1);
const single = run.filter((block) => startsIn(block).length < 2);
const named = (blocks: readonly Block[]) => blocks.map((block) => [block.place, block] as const);

test("a block that is not run says why", () => {
  const silent = shells.filter(({ info }) => info !== "" && !/^no-run: \S.{5,}/.test(info));
  expect(silent.map(({ place }) => place)).toEqual([]);
});

describe("commands for one process", () => {
  const folder = temporaryFolder();
  let product: Started | undefined;
  let port = 0;
  const environment = () => ({ PORT: String(port), HOST: "127.0.0.1", DATA_DIR: folder.path });
  const api = () => client(`http://127.0.0.1:${port}`, adminToken(folder.path));

  /** A command may have ended it; the reader would start it again. */
  async function running(): Promise<void> {
    if (product?.isRunning()) return;
    product = await npmStart("", environment());
  }

  beforeAll(async () => {
    port = await freePort();
    await running();
  }, 300_000);
  afterAll(async () => {
    await product?.stop();
    folder.remove();
  }, 400_000);

  test.each(named(single))(
    "%s",
    async (_, block) => {
      await running();
      const waiting = await api().post("/tasks", { name: "cleanup_old_records", options: { countdown: "1h" } });
      const { items: workers } = (await api().get("/workers")).body as { items: { id: string }[] };
      const { items: clients } = (await api().get("/sites?kind=CLIENT")).body as { items: { id: number }[] };
      const placeholders = {
        ...{ "task id": String(waiting.body.id), "worker id": workers[0]?.id ?? "" },
        "client id": String(clients[0]?.id),
      };
      await runBlock(block, { environment: environment(), port, dataDir: folder.path, placeholders });
      if (block.text.includes("control shutdown")) await product?.stop();
    },
    320_000,
  );
});

const hasServers = process.env.TEST_DATABASE_URL !== undefined || process.env.CI === "true";

(hasServers ? describe : describe.skip)("commands for several processes", () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  }, 400_000);

  test.each(named(several))(
    "%s",
    async (_, block) => {
      const database = await createDatabase(process.env.TEST_DATABASE_URL ?? "");
      cleanups.push(() => database.drop());
      const nats = await startNats();
      cleanups.push(() => nats.stop());
      const folder = temporaryFolder();
      cleanups.push(() => folder.remove());
      const port = await freePort();
      const environment = {
        ...{ DATABASE_URL: database.url, NATS_URL: nats.url, REDIS_URL: process.env.TEST_REDIS_URL ?? "" },
        ...{ SMTP_URL: "smtp://127.0.0.1:1", DATA_DIR: folder.path, PORT: String(port), HOST: "127.0.0.1" },
      };
      for (const settings of startsIn(block)) {
        const started = await npmStart(settings, environment);
        cleanups.push(() => started.stop());
      }
      const { body } = await client(`http://127.0.0.1:${port}`, adminToken(folder.path)).get("/workers");
      expect((body.items as unknown[]).length).toBe(
        startsIn(block).filter((settings) => !/QUEUES= /.test(settings)).length,
      );
      await runBlock(block, { environment, port, dataDir: folder.path, placeholders: {} });
    },
    900_000,
  );
});
