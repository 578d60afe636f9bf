// Moleculer's NATS transporter, which learns at once that a process is gone. Moleculer itself notices after up to twenty
// seconds without a heartbeat, and until then half of the calls to a service of two would wait for the dead one. A NATS server
// says when a message to be answered has nobody to receive it; so requests carry a reply subject nobody else uses, and
// whoever has not answered for a second is sent a ping that carries one too.
import { randomUUID } from "node:crypto";
import { Errors, Transporters } from "moleculer";

const LOOK_MS = 1_000;
/** Within this the server has said of each message that it had nobody to give it to. */
const COME_BACK_MS = 100;
const NOBODY_THERE = 503;
const REQUEST = "REQ";
const PING = "PING";

interface Packet {
  readonly type: string;
  readonly target: string | null;
  readonly payload: { readonly id?: string };
}

/** The parts of the client's and of Moleculer's insides that are used. */
interface Client {
  publish(subject: string, data: Buffer, options?: { readonly reply?: string }): void;
  subscribe(subject: string, options: { callback: (error: unknown, message: Message) => void }): void;
}
interface Message {
  readonly subject: string;
  readonly headers?: { readonly code: number };
}
interface Pending {
  readonly nodeID: string | null;
  readonly action: { readonly name: string };
  reject(error: Error): void;
}
interface Registry {
  unregisterServicesByNode(nodeID: string): void;
}
interface Insides {
  readonly pendingRequests: Map<string, Pending>;
  readonly discoverer: { remoteNodeDisconnected(nodeID: string, isUnexpected: boolean): void };
  sendPing(nodeID: string): Promise<unknown>;
}

/** As the broker's `transporter`, with what Moleculer's own takes. */
export class WatchfulNats extends Transporters.NATS {
  readonly #inbox = `_INBOX.${randomUUID()}`;
  /** Whom a ping went to, by the last part of its reply subject. */
  readonly #pinged = new Map<string, string>();
  readonly #gone = new Set<string>();
  #unanswered: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;

  override async connect(): Promise<void> {
    await super.connect();
    (this.client as Client).subscribe(`${this.#inbox}.*`, { callback: (_error, message) => this.#hear(message) });
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
  }

  override async disconnect(): Promise<void> {
    clearInterval(this.#timer);
    await super.disconnect();
  }

  override send(topic: string, data: Buffer, meta?: { readonly packet?: Packet }): Promise<void> {
    const client = this.client as Client | null;
    const token = client === null ? undefined : this.#tokenOf(meta?.packet);
    if (token === undefined) return super.send(topic, data);
    client?.publish(topic, data, { reply: `${this.#inbox}.${token}` });
    return Promise.resolve();
  }

  #tokenOf(packet: Packet | undefined): string | undefined {
    const { type, target, payload } = packet ?? {};
    const id = payload?.id;
    if (target === null || target === undefined || id === undefined) return undefined;
    if (type === PING) this.#pinged.set(id, target);
    return type === REQUEST || type === PING ? id : undefined;
  }

  #hear({ subject, headers }: Message): void {
    if (headers?.code !== NOBODY_THERE) return;
    const id = subject.slice(this.#inbox.length + 1);
    const insides = this.transit as unknown as Insides;
    const request = insides.pendingRequests.get(id);
    const nodeID = request?.nodeID ?? this.#pinged.get(id);
    if (request !== undefined) {
      // It has reached nobody, and so may be made again: unlike those that the node may have begun.
      insides.pendingRequests.delete(id);
      request.reject(new Errors.ServiceNotAvailableError({ action: request.action.name, nodeID: nodeID ?? "" }));
    }
    if (nodeID !== undefined) this.#isGone(nodeID);
  }

  /**
   * No new call goes there from now on. Calls under way are given up a moment later: of those that were sent with the one
   * that has come back, each comes back by itself, and is known to have reached nobody.
   */
  #isGone(nodeID: string): void {
    if (this.#gone.has(nodeID)) return;
    this.#gone.add(nodeID);
    (this.broker.registry as unknown as Registry).unregisterServicesByNode(nodeID);
    setTimeout(() => {
      this.#gone.delete(nodeID);
      (this.transit as unknown as Insides).discoverer.remoteNodeDisconnected(nodeID, true);
    }, COME_BACK_MS).unref();
  }

  /** Pings whoever has owed an answer since the last look. One that is busy receives it, and is left alone. */
  #look(): void {
    this.#pinged.clear();
    const insides = this.transit as unknown as Insides;
    const owing = new Set<string>();
    for (const [id, { nodeID }] of insides.pendingRequests) {
      if (nodeID === null) continue;
      owing.add(id);
      if (this.#unanswered.has(id) && ![...this.#pinged.values()].includes(nodeID)) void insides.sendPing(nodeID);
    }
    this.#unanswered = owing;
  }
}
