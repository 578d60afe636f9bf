/** 400 files (2 000 with FAULT_ALL), two movers, killed at random points until all is moved: nothing lost, nothing deleted unverified, nothing sent twice. */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { migrate, openPostgres, textArray } from "../../database/index.ts";
import { RUNTIME_MIGRATIONS } from "../../runtime/index.ts";
import { SERVICE_MIGRATIONS } from "../../services/migrations.ts";
import { startGcsEmulator } from "../support/gcs-emulator.ts";
import { describeWith } from "../support/requires.ts";
import { createDatabase } from "../support/temporary-database.ts";
import { printTable } from "./support/storm-checker.ts";

const FILES = process.env.FAULT_ALL === "1" ? 2_000 : 400;
const MOVERS = 2;
/** Longer than a busy machine stands still: a mover whose claim is over while it lives sends what another sends, too. */
const CLAIM_MS = 10_000;
const PROGRAM = fileURLToPath(new URL("./support/media-mover.ts", import.meta.url));
const md5 = (content: Buffer) => createHash("md5").update(content).digest("hex");

describeWith(["postgres"], "the mover of media", () => {
  let folder = "";
  let emulator: Awaited<ReturnType<typeof startGcsEmulator>>;
  let temporary: Awaited<ReturnType<typeof createDatabase>>;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "apium-mover-"));
    emulator = await startGcsEmulator();
    temporary = await createDatabase(process.env.TEST_DATABASE_URL ?? "");
  }, 400_000);
  afterAll(async () => {
    await emulator.stop();
    await temporary.drop();
    rmSync(folder, { recursive: true });
  }, 400_000);

  test("is killed again and again", async () => {
    const database = openPostgres({ url: temporary.url });
    await migrate(database, [RUNTIME_MIGRATIONS, ...SERVICE_MIGRATIONS]);
    await database.script(`
      insert into site (code, name, kind) values ('C', 'Client', 'CLIENT');
      update site set client_id = id;`);
    const contents = new Map<string, Buffer>();
    for (let n = 0; n < FILES; n += 1)
      contents.set(`transactions/1/${n % 20}/${n}.bin`, randomBytes(200 + (n % 50) * 40));
    for (const [path, content] of contents) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    await database.query(
      `insert into attachment (client_id, owner_table, owner_uuid, file_name, path, created_at)
       select s.id, 'jobneed', gen_random_uuid(), 'x', u, now() - interval '1 day' from site s, unnest($1::text::text[]) u`,
      [textArray([...contents.keys()])],
    );

    let kills = 0;
    let starts = 0;
    let unverified = 0;
    const left = () =>
      readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".bin"));
    const stored = () => [...emulator.uploads.values()].reduce((sum, times) => sum + times, 0);
    const mover = async () => {
      while (left().length > 0) {
        starts += 1;
        const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", PROGRAM], {
          env: {
            PATH: process.env.PATH,
            MOVER_DATABASE: temporary.url,
            MOVER_FOLDER: folder,
            MOVER_BUCKET: emulator.url,
            MOVER_CLAIM_MS: String(CLAIM_MS),
          },
          stdio: ["ignore", "pipe", "inherit"],
        });
        const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
        let isGone = false;
        void ended.then(() => {
          isGone = true;
        });
        // In the middle of something, a few files after it has begun.
        const enough = stored() + 3 + Math.random() * (FILES / 20);
        while (!isGone && stored() < enough) await sleep(1);
        await sleep(Math.random() * 20);
        const outcome = isGone ? "ended" : "killed";
        if (outcome === "killed") {
          child.kill("SIGKILL");
          kills += 1;
          await ended;
        } else await sleep(300);
      }
    };
    /** While it goes on: whatever is gone from the disk is in the store, with its sum. */
    const watch = async (isOver: () => boolean) => {
      while (!isOver()) {
        const there = new Set(left());
        const { rows } = await database.query<{ path: string; key: string }>(
          "select local_key as path, object_key as key from media_file",
        );
        for (const { path, key } of rows) {
          const content = contents.get(path) as Buffer;
          const stored = emulator.objects.get(key);
          if (!there.has(path) && (stored === undefined || md5(stored.content) !== md5(content))) unverified += 1;
        }
        await sleep(200);
      }
    };
    let isOver = false;
    const watching = watch(() => isOver);
    const began = performance.now();
    await Promise.all(Array.from({ length: MOVERS }, mover));
    isOver = true;
    await watching;

    const { rows } = await database.query<{ path: string; key: string; state: string; local: boolean; md5: string }>(
      "select local_key as path, object_key as key, state, is_local as local, md5 from media_file",
    );
    const wrong = rows.filter(({ path, key, state, md5: sum }) => {
      const content = contents.get(path) as Buffer;
      const stored = emulator.objects.get(key)?.content;
      return state !== "REMOTE" || sum !== md5(content) || stored === undefined || !stored.equals(content);
    });
    const twice = [...emulator.uploads.values()].filter((times) => times > 1).length;
    printTable("media mover", [
      ["files; movers; starts; kills", `${FILES}; ${MOVERS}; ${starts}; ${kills}`],
      ["moved, with the right sum", rows.length - wrong.length],
      ["gone from the disk and not in the store", unverified],
      ["stored whole twice", twice],
      ["seconds", Math.round((performance.now() - began) / 1_000)],
    ]);
    await database.close();
    expect(kills).toBeGreaterThan(3);
    expect(rows).toHaveLength(FILES);
    expect({ wrong, unverified, twice }).toEqual({ wrong: [], unverified: 0, twice: 0 });
  }, 2_400_000);
});
