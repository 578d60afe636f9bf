/**
 * A receiver of OpenTelemetry's traces: an HTTP server that takes OTLP in protobuf, read here from the wire by the numbers
 * of the published `.proto` files and not by the library that wrote it.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentId: string;
  readonly name: string;
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer" | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[];
  readonly isError: boolean;
  /** Of the process that sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Everything that was sent, as bytes read as Latin-1: to look for what must not be in it. */
  readonly raw: () => string;
  readonly requests: () => number;
  close(): Promise<void>;
}

const KINDS = [undefined, "internal", "server", "client", "producer", "consumer"] as const;
const STATUS_ERROR = 2;

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  let raw = "";
  let requests = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests += 1;
      const isTraces = request.method === "POST" && request.url === "/v1/traces";
      if (!isTraces || request.headers["content-type"] !== "application/x-protobuf") {
        response.writeHead(400).end();
        return;
      }
      const sent = Buffer.concat(chunks);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
      raw += body.toString("latin1");
      spans.push(...readRequest(body));
      response.writeHead(200, { "Content-Type": "application/x-protobuf" }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    raw: () => raw,
    requests: () => requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The tree of a trace: names below names, in the order in which they began to be received. */
export function childrenOf(spans: readonly ReceivedSpan[], parent: ReceivedSpan): ReceivedSpan[] {
  return spans.filter(({ traceId, parentId }) => traceId === parent.traceId && parentId === parent.spanId);
}

type Field = { readonly field: number; readonly value: bigint | Buffer };

/** The fields of a message, as the wire format has them. */
function* fieldsOf(message: Buffer): Iterable<Field> {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw new Error("the message ends within a number");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (length: number) => {
    if (at + length > message.length) throw new Error("the message ends within a field");
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const key = Number(varint());
    const field = key >> 3;
    const type = key & 7;
    if (type === 0) yield { field, value: varint() };
    else if (type === 1) yield { field, value: bytes(8) };
    else if (type === 2) yield { field, value: bytes(Number(varint())) };
    else if (type === 5) yield { field, value: bytes(4) };
    else throw new Error(`a field of wire type ${type}`);
  }
}

function messages(message: Buffer, wanted: number): Buffer[] {
  return [...fieldsOf(message)].flatMap(({ field, value }) =>
    field === wanted && Buffer.isBuffer(value) ? [value] : [],
  );
}

function number(message: Buffer, wanted: number): number {
  const found = [...fieldsOf(message)].find(({ field, value }) => field === wanted && typeof value === "bigint");
  return Number(found?.value ?? 0);
}

function text(message: Buffer, wanted: number): string {
  return messages(message, wanted)[0]?.toString("utf8") ?? "";
}

function readRequest(body: Buffer): ReceivedSpan[] {
  return messages(body, 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messages(resourceSpans, 1)[0] ?? Buffer.alloc(0), 1);
    return messages(resourceSpans, 2).flatMap((scope) => messages(scope, 2).map((span) => readSpan(span, resource)));
  });
}

function readSpan(span: Buffer, resource: ReceivedSpan["resource"]): ReceivedSpan {
  const hex = (field: number) => messages(span, field)[0]?.toString("hex") ?? "";
  return {
    traceId: hex(1),
    spanId: hex(2),
    parentId: hex(4),
    name: text(span, 5),
    kind: KINDS[number(span, 6)],
    attributes: attributesOf(span, 9),
    events: messages(span, 11).map((event) => ({ name: text(event, 2), attributes: attributesOf(event, 3) })),
    isError: number(messages(span, 15)[0] ?? Buffer.alloc(0), 3) === STATUS_ERROR,
    resource,
  };
}

function attributesOf(message: Buffer, field: number): Record<string, unknown> {
  return Object.fromEntries(
    messages(message, field).map((pair) => [text(pair, 1), valueOfAny(messages(pair, 2)[0] ?? Buffer.alloc(0))]),
  );
}

function valueOfAny(any: Buffer): unknown {
  const [first] = fieldsOf(any);
  if (first === undefined) return undefined;
  if (typeof first.value === "bigint") return first.field === 2 ? first.value === 1n : Number(first.value);
  return first.field === 4 ? first.value.readDoubleLE() : first.value.toString("utf8");
}
