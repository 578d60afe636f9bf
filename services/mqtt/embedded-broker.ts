// The broker of a system that has no MQTT_URL: in this process, on the loopback interface. It knows two kinds of clients:
// this system, by a secret made at the start, and devices, by their token. A device publishes to its own topics and to
// the original's, and hears its own alone, whatever names it and its sessions have. What anybody can send without being
// known costs little: packets and connections are bounded. Nothing of it survives the process.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import type { Aedes, AuthenticateError, Client } from "aedes";
import { deviceIn, ECHO_TOPIC } from "./devices/device-topics.ts";
import { PacketLimit } from "./packet-limit.ts";
import { MAX_PAYLOAD_BYTES } from "./topics.ts";

const OWN_NAME = "apium";
const MOST_CLIENTS = 1_000;
/** Of those that have not said yet who they are, on top of `MOST_CLIENTS`. */
const MOST_UNKNOWN = 50;
const CONNECT_WITHIN_MS = 10_000;
/** Topic and numbers, besides the payload. */
const MOST_PACKET_BYTES = MAX_PAYLOAD_BYTES + 65_536 + 16;
/** Of the system's own: a result it passes on may be larger than what devices send. */
const MOST_OWN_PACKET_BYTES = 16 * 1_048_576;
/** CONNACK codes of MQTT 3.1.1: come again later; sign in again. */
const UNAVAILABLE = 3;
const BAD_CREDENTIALS = 4;

export interface EmbeddedBroker {
  /** For this system's own connections: with its secret. */
  readonly url: string;
  /** For people. */
  readonly address: string;
  /** Ends every connection. */
  stop(): Promise<void>;
}

/** Whose device a token is; `undefined` for a token that is none. Rejects when that cannot be said now. */
export type DeviceOf = (token: string) => Promise<string | undefined>;

/**
 * @param port - default a free one.
 * @throws when the port is taken.
 */
export async function startEmbeddedBroker(deviceOf: DeviceOf, port = 0): Promise<EmbeddedBroker> {
  const secret = randomBytes(24).toString("base64url");
  const devices = new WeakMap<Client, string>();
  const own = new WeakSet<Client>();
  const { Aedes } = await import("aedes");
  const broker = new Aedes({
    connectTimeout: CONNECT_WITHIN_MS,
    authenticate(client, username, password, done) {
      const given = password?.toString("utf8") ?? "";
      if (username === OWN_NAME && isSame(given, secret)) {
        own.add(client);
        return done(null, true);
      }
      if (broker.connectedClients >= MOST_CLIENTS) return done(refusal(UNAVAILABLE), false);
      deviceOf(given).then(
        (device) => {
          if (device === undefined) return done(refusal(BAD_CREDENTIALS), false);
          devices.set(client, device);
          // Each device has names of its own: nobody takes over another's session by its name, or the system's.
          Object.assign(client, { id: `${device}/${client.id}` });
          done(null, true);
        },
        () => done(refusal(UNAVAILABLE), false),
      );
    },
    authorizePublish(client, packet, done) {
      if (client === null || own.has(client)) return done(null);
      const { topic, payload } = packet;
      const size = typeof payload === "string" ? Buffer.byteLength(payload) : payload.length;
      if (size > MAX_PAYLOAD_BYTES) return done(new Error("the message is too large"));
      const isAllowed = isOf(devices.get(client), topic) || topic.startsWith("graphql/") || topic === ECHO_TOPIC;
      if (!isAllowed) return done(new Error("not this topic"));
      // What is retained would be heard again by whoever subscribes next, and never be forgotten.
      packet.retain = false;
      done(null);
    },
    authorizeSubscribe(client, subscription, done) {
      done(null, own.has(client) || isOf(devices.get(client), subscription.topic) ? subscription : null);
    },
    /** aedes also keeps what was refused in a session, and fills it; here nothing of it goes out. */
    authorizeForward(client, packet) {
      return own.has(client) || isOf(devices.get(client), packet.topic) ? packet : null;
    },
  });
  await broker.listen();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    const client = broker.handle(socket);
    limitPackets(socket, () => own.has(client));
  });
  server.maxConnections = MOST_CLIENTS + MOST_UNKNOWN;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  } catch (error) {
    await closed(broker);
    throw error;
  }
  const { port: taken } = server.address() as { port: number };
  return {
    url: `mqtt://${OWN_NAME}:${secret}@127.0.0.1:${taken}`,
    address: `mqtt://127.0.0.1:${taken}`,
    stop: () => stop(broker, server, sockets),
  };
}

/** Beside aedes, which reads the socket: `data` tells what it has read. */
function limitPackets(socket: Socket, isOwn: () => boolean): void {
  const limit = new PacketLimit(() => (isOwn() ? MOST_OWN_PACKET_BYTES : MOST_PACKET_BYTES));
  socket.on("data", (chunk: Buffer) => {
    if (!limit.allows(chunk)) socket.destroy();
  });
}

async function stop(broker: Aedes, server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  await closed(broker);
  // aedes does not know those that never said who they are.
  for (const socket of sockets) socket.destroy();
  await ended;
}

function closed(broker: Aedes): Promise<void> {
  return new Promise((resolve) => broker.close(() => resolve()));
}

/** Wildcards are in no device's name. */
function isOf(device: string | undefined, topic: string): boolean {
  return device !== undefined && deviceIn(topic) === device;
}

function refusal(returnCode: number): AuthenticateError {
  return Object.assign(new Error("not known"), { returnCode });
}

function isSame(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}
