/** What every store of files promises: whole or not at all, its own word on what it has, and clear refusals. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type ObjectStore, openFolderStore, openObjectStore } from "../../object-store/index.ts";
import { type GcsEmulator, startGcsEmulator } from "../support/gcs-emulator.ts";

const md5 = (content: Buffer | string) => createHash("md5").update(content).digest("hex");
const from = (content: Buffer | string) => Readable.from([Buffer.from(content)]);
async function read(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
/** Half of it comes, then it fails. */
const broken = () =>
  Readable.from(
    (async function* () {
      yield Buffer.from("half");
      throw new Error("the source broke");
    })(),
  );

describe.each(["folder", "bucket"])("a store in a %s", (kind) => {
  let folder = "";
  let emulator: GcsEmulator;
  let store: ObjectStore;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "apium-objects-"));
    emulator = await startGcsEmulator();
    store = openObjectStore(kind === "folder" ? { folder } : { folder, bucket: "media", apiEndpoint: emulator.url });
  });
  afterEach(async () => {
    await store.close();
    await emulator.stop();
    rmSync(folder, { recursive: true });
  });

  test("keeps what was put, and says what it has", async () => {
    const content = Buffer.alloc(300_000, "abc");
    const stored = { key: "a/b/c.bin", size: 300_000, md5: md5(content) };
    expect(await store.put("a/b/c.bin", from(content), { contentType: "image/png" })).toEqual(stored);
    expect(await store.stat("a/b/c.bin")).toEqual(stored);
    expect(await read(await store.get("a/b/c.bin"))).toBe(content.toString());
    await store.put("a/b/c.bin", from("other"));
    expect(await read(await store.get("a/b/c.bin"))).toBe("other");
    expect(await store.put("empty", from(""))).toEqual({ key: "empty", size: 0, md5: md5("") });
  });

  test("what is not there is said to be not there", async () => {
    await expect(store.get("none")).rejects.toMatchObject({ code: "OBJECT_NOT_FOUND" });
    expect(await store.stat("none")).toBeUndefined();
    expect(await store.delete("none")).toBe(false);
    await store.put("some", from("x"));
    expect(await store.delete("some")).toBe(true);
    expect(await store.stat("some")).toBeUndefined();
  });

  test.each([
    "",
    "/etc/passwd",
    "../up",
    "a/../../b",
    "a//b",
    "a/./b",
    "a/..",
    "a\\b",
    "a\0b",
    "ü/x",
    "a b",
    `${"x".repeat(201)}`,
  ])("refuses the key %j", async (key) => {
    await expect(store.put(key, from("x"))).rejects.toMatchObject({ code: "OBJECT_KEY_INVALID" });
    await expect(store.get(key)).rejects.toMatchObject({ code: "OBJECT_KEY_INVALID" });
    await expect(store.stat(key)).rejects.toMatchObject({ code: "OBJECT_KEY_INVALID" });
    await expect(store.delete(key)).rejects.toMatchObject({ code: "OBJECT_KEY_INVALID" });
  });

  test("a source that breaks, is too large, or is stopped leaves nothing, and what was there before stays", async () => {
    await store.put("kept", from("before"));
    await expect(store.put("kept", broken())).rejects.toThrow("the source broke");
    await expect(store.put("kept", from("x".repeat(101)), { maxBytes: 100 })).rejects.toMatchObject({
      code: "OBJECT_TOO_LARGE",
    });
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(store.put("kept", from("x"), { signal })).rejects.toThrow();
    expect(await read(await store.get("kept"))).toBe("before");
    await expect(store.put("new", broken())).rejects.toThrow();
    expect(await store.stat("new")).toBeUndefined();
    const left = kind === "folder" ? readdirSync(folder) : [...emulator.objects.keys()];
    expect(left).toEqual(["kept"]);
  });

  test("many at once do not get in each other's way", async () => {
    const keys = Array.from({ length: 50 }, (_, n) => `many/${n % 5}/${n}`);
    await Promise.all(keys.map((key) => store.put(key, from(key))));
    for (const key of keys) expect(await read(await store.get(key))).toBe(key);
  });
});

describe("a folder", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "apium-objects-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("never follows a link: not to a file, not on the way to one", async () => {
    const outside = mkdtempSync(join(tmpdir(), "apium-outside-"));
    writeFileSync(join(outside, "secret"), "secret");
    symlinkSync(join(outside, "secret"), join(folder, "link"));
    symlinkSync(outside, join(folder, "way"));
    const store = openFolderStore(folder);
    for (const key of ["link", "way/secret"]) {
      await expect(store.get(key)).rejects.toMatchObject({ code: "OBJECT_KEY_INVALID" });
      await expect(store.stat(key)).rejects.toMatchObject({ code: "OBJECT_KEY_INVALID" });
    }
    await expect(store.put("way/new", from("x"))).rejects.toMatchObject({ code: "OBJECT_KEY_INVALID" });
    await expect(store.delete("way/secret")).rejects.toMatchObject({ code: "OBJECT_KEY_INVALID" });
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
    expect(readdirSync(outside)).toEqual(["secret"]);
    // A put replaces the link itself, not what it leads to.
    await store.put("link", from("mine"));
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
    rmSync(outside, { recursive: true });
  });

  test("a disk that ends in the middle of a file is said to be full, and keeps no half of it", async () => {
    await openFolderStore(folder).put("before", from("x"));
    // The largest file this process may write, as the shell counts: 200 kB.
    const program = `
      import { Readable } from "node:stream";
      import { openFolderStore } from ${JSON.stringify(new URL("../../object-store/index.ts", import.meta.url).href)};
      const store = openFolderStore(${JSON.stringify(folder)});
      const code = await store.put("a/large", Readable.from([Buffer.alloc(1_000_000)])).then(() => "kept", (error) => error.code);
      process.stdout.write(code);`;
    const { stdout } = spawnSync(
      "bash",
      ["-c", 'ulimit -f 200; exec "$0" --input-type=module -e "$1"', process.execPath, program],
      {
        encoding: "utf8",
        env: { PATH: process.env.PATH },
      },
    );
    expect(stdout).toBe("OBJECT_STORE_FULL");
    expect(readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()).toEqual(["a", "before"]);
  });

  test("a folder is no object, and temporaries of a crash go after a day", async () => {
    mkdirSync(join(folder, "a"));
    const [old, young] = [".0123456789abcdef.part", ".fedcba9876543210.part"].map((name) => join(folder, "a", name));
    for (const path of [old, young]) writeFileSync(path as string, "half");
    utimesSync(old as string, 1, 1);
    const store = openFolderStore(folder);
    await store.put("a/b", from("x"));
    expect(readdirSync(join(folder, "a")).sort()).toEqual([".fedcba9876543210.part", "b"]);
    await expect(store.get("a")).rejects.toMatchObject({ code: "OBJECT_NOT_FOUND" });
    expect(statSync(join(folder, "a", "b")).mode & 0o007).toBe(0);
  });
});

describe("a bucket", () => {
  let emulator: GcsEmulator;
  let store: ObjectStore;
  beforeEach(async () => {
    emulator = await startGcsEmulator();
    store = openObjectStore({ folder: "", bucket: "media", apiEndpoint: emulator.url });
  });
  afterEach(() => emulator.stop());

  test("that stores other bytes than were sent is found out, and has nothing under the key", async () => {
    emulator.faults.push("corrupt");
    await expect(store.put("a", from("content"))).rejects.toMatchObject({ code: "OBJECT_STORE_UNAVAILABLE" });
    expect(emulator.objects.size).toBe(0);
  });

  test("that is not reached, or refuses, is said to be unavailable", async () => {
    emulator.faults.push(403);
    await expect(store.put("a", from("x"))).rejects.toMatchObject({ code: "OBJECT_STORE_UNAVAILABLE" });
    emulator.faults.push("cut");
    await expect(store.put("a", from("x".repeat(100_000)))).rejects.toMatchObject({ code: "OBJECT_STORE_UNAVAILABLE" });
    await emulator.stop();
    await expect(store.put("a", from("x"))).rejects.toMatchObject({ code: "OBJECT_STORE_UNAVAILABLE" });
  }, 400_000);
});
