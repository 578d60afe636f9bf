/**
 * As much of Google Cloud Storage's JSON API as the store uses, in memory, on a loopback port: uploads in one request,
 * metadata with sums, downloads, deletes. It counts what was stored, and can be told to fail.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Stored {
  readonly content: Buffer;
  readonly contentType: string;
}

export interface GcsEmulator {
  readonly url: string;
  readonly objects: Map<string, Stored>;
  /** How often an object was stored whole, by name. */
  readonly uploads: Map<string, number>;
  /** The next requests: a status instead of an answer, `cut` the connection, or `corrupt` what is stored. */
  readonly faults: (number | "cut" | "corrupt")[];
  stop(): Promise<void>;
}

export async function startGcsEmulator(): Promise<GcsEmulator> {
  const objects = new Map<string, Stored>();
  const uploads = new Map<string, number>();
  const faults: GcsEmulator["faults"] = [];

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://emulator");
    const fault = faults.shift();
    if (fault === "cut") {
      request.once("data", () => request.destroy());
      request.resume();
      if (request.method === "GET") response.destroy();
      return;
    }
    const body = await read(request);
    if (typeof fault === "number") return say(response, fault, { error: { code: fault, message: "told to fail" } });
    if (request.method === "POST" && url.pathname.startsWith("/upload/storage/v1/b/")) {
      const { metadata, content } = partsOf(request, body);
      const name = url.searchParams.get("name") ?? String(metadata.name);
      const kept = fault === "corrupt" ? Buffer.concat([content.subarray(1), Buffer.from("!")]) : content;
      objects.set(name, { content: kept, contentType: String(metadata.contentType ?? "application/octet-stream") });
      uploads.set(name, (uploads.get(name) ?? 0) + 1);
      return say(response, 200, describe(name));
    }
    const [, encoded] = /^\/(?:download\/)?storage\/v1\/b\/[^/]+\/o\/(.+)$/.exec(url.pathname) ?? [];
    const name = decodeURIComponent(encoded ?? "");
    const stored = objects.get(name);
    if (stored === undefined) return say(response, 404, { error: { code: 404, message: "No such object" } });
    if (request.method === "DELETE") {
      objects.delete(name);
      response.writeHead(204).end();
      return;
    }
    if (url.searchParams.get("alt") !== "media") return say(response, 200, describe(name));
    const sum = createHash("md5").update(stored.content).digest("base64");
    response.writeHead(200, { "content-type": stored.contentType, "x-goog-hash": `md5=${sum}` }).end(stored.content);
  }

  function describe(name: string): object {
    const { content, contentType } = objects.get(name) as Stored;
    const md5Hash = createHash("md5").update(content).digest("base64");
    return { kind: "storage#object", name, contentType, size: String(content.length), md5Hash, generation: "1" };
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    ...{ objects, uploads, faults },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** multipart/related: the metadata as JSON, then the content. */
function partsOf(request: IncomingMessage, body: Buffer): { metadata: Record<string, unknown>; content: Buffer } {
  const [, boundary = ""] = /boundary="?([^";]+)"?/.exec(request.headers["content-type"] ?? "") ?? [];
  const mark = Buffer.from(`--${boundary}`);
  const blank = Buffer.from("\r\n\r\n");
  const first = body.indexOf(blank) + blank.length;
  const second = body.indexOf(mark, first);
  const content = body.indexOf(blank, second) + blank.length;
  return {
    metadata: JSON.parse(body.subarray(first, second).toString()) as Record<string, unknown>,
    content: body.subarray(content, body.lastIndexOf(Buffer.from(`\r\n--${boundary}--`))),
  };
}

function say(response: ServerResponse, status: number, answer: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
}
