/** Files between processes: a gateway that keeps none, and services elsewhere; streams travel over NATS. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { eventually } from "../support/backends.ts";
import { adminToken, client, type Program, start } from "../support/programs.ts";
import { describeWith } from "../support/requires.ts";
import { createDatabase } from "../support/temporary-database.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const md5 = (content: Buffer) => createHash("md5").update(content).digest("hex");

describeWith(["nats", "postgres"], "files over NATS", (natsUrl) => {
  const folders = [temporaryFolder(), temporaryFolder()] as const;
  const programs: Program[] = [];
  let temporary: Awaited<ReturnType<typeof createDatabase>>;
  let api: ReturnType<typeof client>;
  let token = "";
  let url = "";
  beforeAll(async () => {
    temporary = await createDatabase(process.env.TEST_DATABASE_URL ?? "");
    const shared = { NATS_URL: natsUrl, DATABASE_URL: temporary.url };
    const [gateway, worker] = await Promise.all([
      start({ ...shared, DATA_DIR: folders[0].path, SERVICES: "gateway", QUEUES: "" }),
      start({ ...shared, DATA_DIR: folders[1].path, SERVICES: "facility,jobs,tickets,reports,media,email,imports" }),
    ]);
    programs.push(gateway, worker);
    token = adminToken(folders[0].path);
    url = gateway.url;
    api = client(url, token);
    await eventually(async () => (await api.get("/sites")).status === 200, 90_000);
  }, 400_000);
  afterAll(async () => {
    await Promise.all(programs.map((program) => program.stop()));
    await temporary.drop();
    for (const folder of folders) folder.remove();
  }, 400_000);

  const upload = (content: Buffer | AsyncIterable<Uint8Array>, query: Record<string, string>) =>
    fetch(`${url}/api/v1/attachments?${new URLSearchParams(query)}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/octet-stream" },
      ...(Buffer.isBuffer(content)
        ? { body: new Uint8Array(content) }
        : { body: ReadableStream.from(content), duplex: "half" }),
    });
  const download = async (path: string) => {
    const response = await fetch(`${url}/api/v1${path}`, { headers: { Authorization: `Bearer ${token}` } });
    return { status: response.status, headers: response.headers, content: Buffer.from(await response.arrayBuffer()) };
  };

  test("an attachment of eight megabytes goes in and comes out as it was; wrong ones are refused by the gateway's rules", async () => {
    const made = (await api.post("/sites", { code: "S-1", name: "Site", timezone: "UTC" })).body as unknown as {
      uuid: string;
      id: number;
    };
    const content = Buffer.concat([PNG, randomBytes(8_000_000)]);
    const uuid = crypto.randomUUID();
    const query = {
      uuid,
      ownerTable: "site",
      ownerUuid: made.uuid,
      fileName: "roof at night.png",
      siteId: String(made.id),
    };
    const answer = await upload(content, query);
    const attachment = (await answer.json()) as { id: number; size: number };
    expect([answer.status, attachment.size]).toEqual([201, content.length]);
    const back = await download(`/attachments/${attachment.id}/file`);
    expect([back.status, md5(back.content)]).toEqual([200, md5(content)]);
    expect(back.headers.get("content-type")).toBe("image/png");
    expect(back.headers.get("content-disposition")).toContain("roof_at_night.png");
    expect((await upload(content, query)).status).toBe(201);
    expect((await upload(PNG, query)).status).toBe(409);
    expect((await upload(Buffer.from("<html><script>"), { ...query, uuid: crypto.randomUUID() })).status).toBe(415);
    expect((await upload(PNG, { ...query, ownerTable: "passwd" })).status).toBe(422);
    expect((await upload(PNG, { ...query, path: "/etc" })).status).toBe(422);
    expect(
      (await upload(Buffer.concat([PNG, Buffer.alloc(26_000_000)]), { ...query, uuid: crypto.randomUUID() })).status,
    ).toBe(413);
    // Of one that says how long it is nothing is waited for.
    const announced = request(`${url}/api/v1/attachments?${new URLSearchParams(query)}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Length": "25000001" },
    });
    announced.flushHeaders();
    const [{ statusCode }] = (await once(announced, "response")) as [IncomingMessage];
    expect(statusCode).toBe(413);
    announced.on("error", () => {}).destroy();
    // One that does not say how long it is: the worker counts, and reads it to its end.
    async function* chunks() {
      yield PNG;
      for (let n = 0; n < 26; n += 1) yield Buffer.alloc(1_000_000);
    }
    expect((await upload(chunks(), { ...query, uuid: crypto.randomUUID() })).status).toBe(413);
    // And the gateway is well.
    expect((await api.get("/attachments")).status).toBe(200);
  }, 400_000);

  test("a report is ordered here, made there, and downloaded here", async () => {
    const [site] = ((await api.get("/sites")).body as unknown as { items: { id: number }[] }).items;
    await api.post("/tickets", { siteId: site?.id, description: "Lift stops" });
    const params = {
      siteIds: "all",
      from: new Date(Date.now() - 3_600_000).toISOString(),
      upto: new Date(Date.now() + 3_600_000).toISOString(),
    };
    const { id } = (await api.post("/reports", { report: "LISTOFTICKETS", format: "csv", params })).body as unknown as {
      id: number;
    };
    await eventually(async () => (await api.get(`/reports/${id}`)).body.state === "READY", 90_000);
    const { status, content } = await download(`/reports/${id}/file`);
    expect([status, content.toString()]).toEqual([200, expect.stringContaining("Lift stops")]);
  }, 400_000);
});
