/** Files of the facility: taken in whole or not at all, moved once, found wherever they are. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { ServiceBroker } from "moleculer";
import { openFolderStore } from "../../object-store/index.ts";
import { ApiumError } from "../../runtime/index.ts";
import { gatewayModule } from "../../services/gateway/index.ts";
import { mediaModule } from "../../services/media/index.ts";
import { adoptFiles } from "../../services/media/media-store.ts";
import { moveMedia, type Stores } from "../../services/media/mover.ts";
import { moveMediaToCloudStorage } from "../../services/media/tasks.ts";
import { availableBackends, eventually } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type RunningServices, startServices } from "../support/services.ts";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const md5 = (content: Buffer) => createHash("md5").update(content).digest("hex");

interface Attachment {
  readonly id: number;
  readonly uuid: string;
  readonly fileName: string;
  readonly contentType: string;
  readonly size: number;
  readonly state: string;
}

describe.each(availableBackends().filter((name) => name !== "jetstream"))("media on %s", (backend) => {
  let facility: Facility;
  let services: RunningServices;
  let folder = "";
  let client: number;
  let site: number;
  beforeAll(async () => {
    facility = await openFacility(backend);
  }, 400_000);
  beforeEach(async () => {
    await facility.database.query("truncate media_file, attachment, task cascade");
    folder = mkdtempSync(join(tmpdir(), "apium-media-"));
    site = await facility.makeSite();
    client = await facility.clientOf(site);
    const environment = { DATA_DIR: folder };
    services = await startServices(facility.backend, { modules: [mediaModule], environment, bus: folder });
  }, 400_000);
  afterEach(async () => {
    await facility.backend.reset();
    await services.stop();
    rmSync(folder, { recursive: true });
  }, 400_000);
  afterAll(() => facility.backend.close());

  const user = (clientId: number | undefined = client) => ({ user: { name: "olga", role: "operator", clientId } });
  const call = <Result>(action: string, params: object, who: object = user()) =>
    services.call<Result>(`media.${action}`, params, who);
  const attach = (content: Buffer | Readable, more: object = {}, who: object = user()): Promise<Attachment> => {
    const params = {
      ownerTable: "jobneed",
      ownerUuid: crypto.randomUUID(),
      fileName: "photo.png",
      siteId: site,
      ...more,
    };
    return services.broker.call("media.attach", params, {
      meta: who,
      stream: Buffer.isBuffer(content) ? Readable.from([content]) : content,
    });
  };
  const contentOf = async (id: number): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of await call<Readable>("file", { id })) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  };
  const below = (path: string) =>
    existsSync(path)
      ? readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ name }) => name)
      : [];
  const move = (olderThanDays = 0) =>
    moveMediaToCloudStorage.callAndWait(services.runtime, { olderThanDays }, { timeout: "150s" });
  const row = (id: number) =>
    facility.one<{ state: string; is_local: boolean; error: string | null; md5: string | null }>(
      "select state, is_local, error, md5 from media_file where attachment_id = $1",
      [id],
    );

  test("a file is taken in, read, moved with its sum, and read again; old folders go", async () => {
    const attached = await attach(PNG, { fileName: "../../etc/päss\twd\n.png" });
    expect(attached).toMatchObject({
      fileName: "päss wd .png",
      contentType: "image/png",
      size: PNG.length,
      state: "LOCAL",
    });
    expect(await contentOf(attached.id)).toEqual(PNG);
    expect(below(join(folder, "media"))).toEqual([`${attached.uuid}-${md5(PNG)}.png`]);
    expect(await move(60)).toMatchObject({ moved: 0 });
    expect(await move()).toMatchObject({ moved: 1, bytes: PNG.length, failed: 0 });
    expect(await row(attached.id)).toEqual({ state: "REMOTE", is_local: false, error: null, md5: md5(PNG) });
    expect(below(join(folder, "media"))).toEqual([]);
    expect(readdirSync(join(folder, "media", "transactions"))).toEqual([]);
    expect(await contentOf(attached.id)).toEqual(PNG);
    expect(await move()).toMatchObject({ moved: 0, found: 0 });
    expect(await call("stats", {})).toEqual({ items: [{ state: "REMOTE", files: 1, bytes: PNG.length }] });
  });

  test("sent again it is the same attachment; other content under its uuid is refused, and nothing is left of it", async () => {
    const uuid = crypto.randomUUID();
    const [first, second] = await Promise.all([attach(PNG, { uuid }), attach(PNG, { uuid })]);
    expect(second).toEqual(first);
    expect((await attach(PNG, { uuid })).id).toBe(first.id);
    await expect(attach(Buffer.from("other text"), { uuid })).rejects.toMatchObject({ code: "MEDIA_CONFLICT" });
    await expect(attach(PNG, { uuid, siteId: undefined }, user(await facility.makeClient()))).rejects.toMatchObject({
      code: "MEDIA_CONFLICT",
    });
    expect(below(join(folder, "media"))).toEqual([`${uuid}-${md5(PNG)}.png`]);
    expect(await contentOf(first.id)).toEqual(PNG);
  });

  test("of two at once under one uuid the refused one leaves the kept file as it was", async () => {
    const uuid = crypto.randomUUID();
    const [kept, refused] = [new PassThrough(), new PassThrough()];
    const uploads = [attach(kept, { uuid }), attach(refused, { uuid })];
    kept.write("k".repeat(5_000));
    refused.write("r".repeat(5_000));
    // Both are being written: neither has seen the other's row.
    await eventually(async () => below(join(folder, "media")).length === 2, 60_000);
    kept.end();
    const attached = (await uploads[0]) as Attachment;
    refused.end();
    await expect(uploads[1]).rejects.toMatchObject({ code: "MEDIA_CONFLICT" });
    expect(md5(await contentOf(attached.id))).toBe(md5(Buffer.from("k".repeat(5_000))));
    expect(below(join(folder, "media"))).toHaveLength(1);
    expect(await move()).toMatchObject({ moved: 1, broken: 0 });
  });

  test.each([
    ["nothing", Buffer.alloc(0), "MEDIA_TYPE_REFUSED"],
    ["a program", Buffer.from("\x7fELF\x02\x01\x01\x00".padEnd(200, "\0"), "latin1"), "MEDIA_TYPE_REFUSED"],
    ["an archive", Buffer.from("PK\x03\x04\x14\0\0\0\x08\0".padEnd(200, "x"), "latin1"), "MEDIA_TYPE_REFUSED"],
    ["a page with a script", Buffer.from("<!doctype html><script>alert(1)</script>"), "MEDIA_TYPE_REFUSED"],
    ["a drawing with a script", Buffer.from("<svg onload='alert(1)'/>"), "MEDIA_TYPE_REFUSED"],
    ["26 MB", Buffer.concat([PNG, Buffer.alloc(26_000_000)]), "OBJECT_TOO_LARGE"],
  ])("refuses %s, and keeps nothing of it", async (_what, content, code) => {
    await expect(attach(content)).rejects.toMatchObject({ code });
    expect(below(join(folder, "media"))).toEqual([]);
    expect(await call("list", {})).toEqual({ items: [], nextCursor: null });
  });

  test("of what is refused while it comes over the bus nothing stays in memory", async () => {
    const phone = new ServiceBroker({
      ...{ logger: false, nodeID: "phone", namespace: folder, transporter: "Fake" },
      // Both are in this process: neither is away where it stands still for longer than heartbeats may be late.
      heartbeatTimeout: 600,
    });
    await phone.start();
    await phone.waitForServices("media");
    const send = (head: Buffer, more: object = {}) => {
      const stream = Readable.from([head, ...Array.from({ length: 30 }, () => Buffer.alloc(100_000))]);
      const params = {
        ownerTable: "jobneed",
        ownerUuid: crypto.randomUUID(),
        fileName: "a.png",
        siteId: site,
        ...more,
      };
      return phone.call("media.attach", params, { meta: user(), stream });
    };
    const program = Buffer.from("\x7fELF\x02\x01\x01\x00".padEnd(5_000, "\0"), "latin1");
    await expect(send(program)).rejects.toMatchObject({ code: "MEDIA_TYPE_REFUSED" });
    await expect(send(PNG, { ownerTable: "passwd" })).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    expect(await send(PNG)).toMatchObject({ contentType: "image/png", size: PNG.length + 3_000_000 });
    const { pendingReqStreams } = services.broker.transit as unknown as { pendingReqStreams: Map<string, unknown> };
    // What is left of a refused one may still be on its way.
    await eventually(async () => pendingReqStreams.size === 0);
    await phone.stop();
  });

  test("another client's attachments are not there", async () => {
    const mine = await attach(PNG);
    const stranger = user(await facility.makeClient());
    await expect(call("get", { id: mine.id }, stranger)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(call("file", { id: mine.id }, stranger)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await call("list", {}, stranger)).toEqual({ items: [], nextCursor: null });
    await expect(attach(PNG, {}, stranger)).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    expect(await call("list", {})).toMatchObject({ items: [{ id: mine.id }] });
  });

  /** An attachment that another program has written into the folder. */
  async function foreign(path: string, content?: Buffer): Promise<number> {
    if (content !== undefined) {
      mkdirSync(dirname(join(folder, "media", path)), { recursive: true });
      writeFileSync(join(folder, "media", path), content);
    }
    const { id } = await facility.one<{ id: number }>(
      `insert into attachment (client_id, owner_table, owner_uuid, file_name, path, created_at)
       values ($1, 'jobneed', gen_random_uuid(), 'x', $2, now() - interval '1 day') returning id`,
      [client, path],
    );
    return id;
  }

  test("one bad file stops nobody: missing, changed, linked, outside; each says why, and none is deleted", async () => {
    const outside = mkdtempSync(join(tmpdir(), "apium-outside-"));
    writeFileSync(join(outside, "secret"), "secret");
    mkdirSync(join(folder, "media", "transactions"), { recursive: true });
    symlinkSync(join(outside, "secret"), join(folder, "media", "transactions", "link"));
    symlinkSync(outside, join(folder, "media", "transactions", "way"));
    const good = await foreign("transactions/1/good.bin", Buffer.from("good"));
    const missing = await foreign("transactions/1/none.bin");
    const linked = await foreign("transactions/link");
    const onTheWay = await foreign("transactions/way/secret");
    const up = await foreign("../../etc/passwd");
    const absolute = await foreign("/etc/passwd");
    const changed = await attach(PNG);
    const path = join(folder, "media", "transactions", String(client));
    const [file = ""] = readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".png"),
    );
    writeFileSync(join(path, file), "something else");

    expect(await move()).toEqual({ moved: 1, bytes: 4, found: 0, missing: 1, broken: 5, failed: 0 });
    expect((await row(good)).state).toBe("REMOTE");
    expect((await row(missing)).state).toBe("MISSING");
    for (const id of [linked, onTheWay, up, absolute])
      expect(await row(id)).toMatchObject({ state: "BROKEN", error: expect.stringContaining("not below") });
    expect(await row(changed.id)).toMatchObject({ state: "BROKEN", error: expect.stringContaining("not the one") });
    expect(existsSync(join(outside, "secret"))).toBe(true);
    expect(existsSync(join(path, file))).toBe(true);
    rmSync(outside, { recursive: true });
  });

  test("what the disk refuses of one file stops nobody, and a store that is away stops the run", async () => {
    const closed = await foreign("transactions/1/closed.bin", Buffer.from("closed"));
    const kept = await foreign("transactions/1/kept.bin", Buffer.from("kept"));
    const good = await foreign("transactions/1/good.bin", Buffer.from("good"));
    const refuse = (): never => {
      throw new ApiumError("OBJECT_STORE_UNAVAILABLE", "it refuses");
    };
    const disk = openFolderStore(join(folder, "media"));
    const objects = openFolderStore(join(folder, "objects"));
    const local: Stores["local"] = {
      ...disk,
      get: async (key) => (key.endsWith("closed.bin") ? refuse() : disk.get(key)),
      delete: async (key) => (key.endsWith("kept.bin") ? refuse() : disk.delete(key)),
    };
    const run = (stores: Stores) => moveMedia(services.parts, stores, { olderThanDays: 0 });
    const away: Stores["remote"] = {
      ...objects,
      async put(_key, content) {
        content.destroy();
        return refuse();
      },
    };
    await expect(run({ local: disk, remote: away })).rejects.toMatchObject({ code: "OBJECT_STORE_UNAVAILABLE" });
    expect((await row(closed)).state).toBe("LOCAL");
    expect(await run({ local, remote: objects })).toMatchObject({ moved: 2, failed: 2 });
    expect(await row(closed)).toMatchObject({ state: "LOCAL", error: "it refuses" });
    expect(await row(kept)).toMatchObject({ state: "REMOTE", is_local: true, error: "it refuses" });
    expect(await row(good)).toMatchObject({ state: "REMOTE", is_local: false });
  });

  test("a file that nobody has weighed is downloaded whole", async () => {
    const id = await foreign("transactions/1/foreign.bin", Buffer.from("foreign"));
    await adoptFiles(facility.database, new Date().toISOString(), 1);
    expect(await call("get", { id })).toMatchObject({ state: "LOCAL", size: null });
    const token = "viewer-token-of-the-test";
    const environment = { DATA_DIR: folder, PORT: "0", API_TOKENS: `viewer:${token}` };
    const modules = [mediaModule, gatewayModule];
    const gateway = await startServices(facility.backend, { modules, environment, runtime: { queues: [] } });
    try {
      const { server } = gateway.broker.getLocalService("gateway") as unknown as { server: Server };
      const { port } = server.address() as { port: number };
      const url = `http://127.0.0.1:${port}/api/v1/attachments/${id}/file`;
      const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
      expect([answer.status, answer.headers.get("content-length")]).toEqual([200, null]);
      expect(await answer.text()).toBe("foreign");
    } finally {
      await gateway.stop();
    }
  });

  test("what killed processes were writing goes after a day; nobody else's file does", async () => {
    const names = [
      `${crypto.randomUUID()}.png.77-1767225600000.new`,
      `${crypto.randomUUID()}.pdf.${crypto.randomUUID()}.new`,
      ".0123456789abcdef.part",
    ];
    const month = join(folder, "media", "transactions", "1", "2026", "01");
    mkdirSync(month, { recursive: true });
    const write = (name: string, ageHours: number) => {
      writeFileSync(join(month, name), "half");
      const then = Date.now() / 1_000 - ageHours * 3_600;
      utimesSync(join(month, name), then, then);
    };
    for (const name of [...names, "what is new", "foreign.new"]) write(name, 25);
    const young = `${crypto.randomUUID()}.png.${crypto.randomUUID()}.new`;
    write(young, 23);
    await move();
    expect(below(join(folder, "media")).sort()).toEqual(["foreign.new", young, "what is new"].sort());
  });

  test("a crash between the store's word and the delete is made good by the next run; nothing is sent twice", async () => {
    const attached = await attach(PNG);
    await move();
    const { object_key, local_key } = await facility.one<{ object_key: string; local_key: string }>(
      "select object_key, local_key from media_file",
    );
    // As if the mover had died after noting it, before deleting.
    mkdirSync(dirname(join(folder, "media", local_key)), { recursive: true });
    writeFileSync(join(folder, "media", local_key), PNG);
    await facility.database.query("update media_file set is_local = true");
    expect(await move()).toMatchObject({ moved: 0, failed: 0 });
    expect(existsSync(join(folder, "media", local_key))).toBe(false);
    // And as if the store had lost it: then the local file stays.
    writeFileSync(join(folder, "objects", object_key), "other");
    mkdirSync(dirname(join(folder, "media", local_key)), { recursive: true });
    writeFileSync(join(folder, "media", local_key), PNG);
    await facility.database.query("update media_file set is_local = true");
    expect(await move()).toMatchObject({ moved: 0, failed: 1 });
    expect(existsSync(join(folder, "media", local_key))).toBe(true);
    expect((await row(attached.id)).error).toMatch(/another file/);
  });

  test("the client's logo is the latest picture of that name on the client itself, wherever it is", async () => {
    const { uuid } = await facility.one<{ uuid: string }>("select uuid from site where id = $1", [client]);
    const logo = (clientId: number) => services.call<string | null>("media.logo", { clientId });
    expect(await logo(client)).toBeNull();
    const own = { ownerTable: "site", ownerUuid: uuid, siteId: client };
    await attach(PNG, { ...own, fileName: "Photo.png" });
    await attach(Buffer.from("logo in words"), { ...own, fileName: "logo.txt" });
    expect(await logo(client)).toBeNull();
    await attach(PNG, { ...own, fileName: "Logo.png" });
    expect(await logo(client)).toBe(PNG.toString("base64"));
    await move();
    expect(await logo(client)).toBe(PNG.toString("base64"));
    expect(await logo(await facility.makeClient())).toBeNull();
  });

  test("two movers at once move each file once", async () => {
    for (let n = 0; n < 60; n += 1) await foreign(`transactions/1/${n}.bin`, Buffer.from(`content ${n}`));
    const results = await Promise.all([move(), move(), move()]);
    expect(results.reduce((sum, { moved }) => sum + moved, 0)).toBe(60);
    expect(results.reduce((sum, { found, failed }) => sum + found + failed, 0)).toBe(0);
    expect(below(join(folder, "objects"))).toHaveLength(60);
    expect(below(join(folder, "media"))).toEqual([]);
  }, 400_000);
});
