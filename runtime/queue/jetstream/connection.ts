// The runtime's own connection to NATS, apart from Moleculer's. The client's defaults give up after 20 s of outage and
// notice a silent partition after minutes; these never give up and notice within seconds.
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { ApiumError, messageOf } from "../../contract/errors.ts";

const PING_MS = 2_000;
const MOST_UNANSWERED_PINGS = 2;
const RECONNECT_MS = 250;
const CONNECT_TIMEOUT_MS = 5_000;
/** JetStream API calls: they wait out their whole time-out while the server is away. */
export const API_TIMEOUT_MS = 2_000;
/** Longer than whoever asks waits by himself, who does not take his own stand-still for the server's. */
const LOOK_TIMEOUT_MS = 5_000;

export interface Nats {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  /** For looks whose asker has a limit of his own. */
  readonly patientManager: JetStreamManager;
}

/** @throws ApiumError `QUEUE_UNAVAILABLE` when no server answers. */
export async function connectNats(url: string, name: string): Promise<Nats> {
  const { servers, user, pass } = parseUrl(url);
  try {
    const connection = await connect({
      servers,
      name,
      maxReconnectAttempts: -1,
      // Two refusals in a row would be the end of it: a server that is set up anew may refuse for a while.
      ignoreAuthErrorAbort: true,
      reconnectTimeWait: RECONNECT_MS,
      reconnectJitter: 100,
      pingInterval: PING_MS,
      maxPingOut: MOST_UNANSWERED_PINGS,
      timeout: CONNECT_TIMEOUT_MS,
      ...(user === undefined ? {} : { user, pass: pass ?? "" }),
    });
    const manager = await jetstreamManager(connection, { timeout: API_TIMEOUT_MS, checkAPI: false });
    const patientManager = await jetstreamManager(connection, { timeout: LOOK_TIMEOUT_MS, checkAPI: false });
    return { connection, manager, patientManager };
  } catch (cause) {
    throw new ApiumError("QUEUE_UNAVAILABLE", `NATS does not answer: ${messageOf(cause)}`, { cause });
  }
}

/** `nats://user:pass@host:port,nats://host2`: credentials of the first, all the hosts. */
function parseUrl(url: string): { servers: string[]; user: string | undefined; pass: string | undefined } {
  const parts = url.split(",").map((part) => new URL(part.includes("://") ? part : `nats://${part}`));
  const [first] = parts;
  return {
    servers: parts.map((part) => part.host),
    user: first?.username === "" ? undefined : decodeURIComponent(first?.username ?? ""),
    pass: first?.password === "" ? undefined : decodeURIComponent(first?.password ?? ""),
  };
}
