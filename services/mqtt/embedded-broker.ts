// The broker of a system that has no MQTT_URL: in this process, on the loopback interface. It knows two kinds of clients:
// this system, by a secret made at the start, and devices, by their token. A device publishes to its own topics and to
// the original's, and hears its own alone.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type Server } from "node:net";
import { Aedes, type AuthenticateError, type Client } from "aedes";
import { deviceIn, ECHO_TOPIC } from "./devices/device-topics.ts";
import { MAX_PAYLOAD_BYTES } from "./topics.ts";

const OWN_NAME = "apium";
const MOST_CLIENTS = 1_000;
const BAD_CREDENTIALS = 4;

export interface EmbeddedBroker {
  /** For this system's own connections: with its secret. */
  readonly url: string;
  /** For people. */
  readonly address: string;
  stop(): Promise<void>;
}

/** Whose device a token is; `undefined` for a token that is none. */
export type DeviceOf = (token: string) => Promise<string | undefined>;

/** @param port - default a free one. */
export async function startEmbeddedBroker(deviceOf: DeviceOf, port = 0): Promise<EmbeddedBroker> {
  const secret = randomBytes(24).toString("base64url");
  const devices = new WeakMap<Client, string>();
  const own = new WeakSet<Client>();
  const broker = new Aedes({
    authenticate(client, username, password, done) {
      const given = password?.toString("utf8") ?? "";
      if (username === OWN_NAME && isSame(given, secret)) {
        own.add(client);
        return done(null, true);
      }
      deviceOf(given).then(
        (device) => {
          if (device === undefined || broker.connectedClients >= MOST_CLIENTS) return done(refusal(), false);
          devices.set(client, device);
          done(null, true);
        },
        () => done(refusal(), false),
      );
    },
    authorizePublish(client, { topic, payload }, done) {
      if (client === null || own.has(client)) return done(null);
      const size = typeof payload === "string" ? Buffer.byteLength(payload) : payload.length;
      if (size > MAX_PAYLOAD_BYTES) return done(new Error("the message is too large"));
      const device = devices.get(client);
      const isTheirs = device !== undefined && deviceIn(topic) === device;
      done(isTheirs || topic.startsWith("graphql/") || topic === ECHO_TOPIC ? null : new Error("not this topic"));
    },
    authorizeSubscribe(client, subscription, done) {
      if (own.has(client)) return done(null, subscription);
      const device = devices.get(client);
      const isTheirs =
        device !== undefined && deviceIn(subscription.topic) === device && !/^[^/]*[#+]/.test(subscription.topic);
      done(null, isTheirs ? subscription : null);
    },
  });
  await broker.listen();
  const server = createServer((socket) => void broker.handle(socket));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const { port: taken } = server.address() as { port: number };
  return {
    url: `mqtt://${OWN_NAME}:${secret}@127.0.0.1:${taken}`,
    address: `mqtt://127.0.0.1:${taken}`,
    stop: () => stop(broker, server),
  };
}

async function stop(broker: Aedes, server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await new Promise<void>((resolve) => broker.close(() => resolve()));
  await closed;
}

function refusal(): AuthenticateError {
  return Object.assign(new Error("not known"), { returnCode: BAD_CREDENTIALS });
}

function isSame(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}
