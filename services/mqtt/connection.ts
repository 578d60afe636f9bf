// One long-lived connection to an MQTT broker. It promises: `publish` resolves when the broker has acknowledged, and not
// before; a message that was taken in is acknowledged when its handler is done, and not before; a broker that is away is
// tried again, ever more slowly. Each attempt is a fresh client of mqtt.js: what is to be sent is kept here alone, so that
// nothing goes out that its caller has been told is lost.
import { connect, type MqttClient } from "mqtt";
import { ApiumError, type Foundation, messageOf } from "../../runtime/index.ts";
import { brokerOptions } from "./broker-address.ts";
import { Incoming, type MessageHandler } from "./incoming.ts";
import { isName } from "./topics.ts";

export interface MqttConnectionOptions {
  /** Credentials, and files for TLS, in it (`broker-address.ts`); never logged. */
  readonly url: string;
  /**
   * Of this process alone, and the same after a restart: the broker keeps its session, with what has not been
   * acknowledged. It ends the connection of whoever had the name before.
   */
  readonly clientId: string;
  /** `false` where nothing is subscribed to: the broker keeps no session for a name that may never come again. Default true. */
  readonly hasSession?: boolean | undefined;
  readonly parts: Pick<Foundation, "clock" | "random">;
  readonly log: Pick<Console, "info" | "warn">;
  /** Asked before each attempt to connect; `false` and it is asked again 2 s later. Default: always. */
  readonly permit?: (() => Promise<boolean>) | undefined;
  /** Between attempts, doubled each time, ± 20 %. Default 1 s to 30 s. */
  readonly backOff?: { readonly firstMs: number; readonly mostMs: number } | undefined;
}

export interface PublishOptions {
  /** 1 waits for the broker's acknowledgement, 0 for nobody. Default 1. */
  readonly qos?: 0 | 1 | undefined;
  readonly retain?: boolean | undefined;
  /** For the connection to be there and the acknowledgement to come. Default 10 s. */
  readonly timeoutMs?: number | undefined;
  /** `false`: on the connection that is there now, or not at all. Default true. */
  readonly resend?: boolean | undefined;
}

export type ConnectionState = "connecting" | "connected" | "away" | "closed";

const PUBLISH_TIMEOUT_MS = 10_000;
/** A peer that has gone without a word is noticed after one and a half of this. */
const KEEP_ALIVE_S = 15;
const CONNECT_TIMEOUT_MS = 10_000;
const PERMIT_MS = 2_000;
const CLOSE_MS = 5_000;
const JITTER = 0.4;

interface Outgoing {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly resend: boolean;
  readonly settle: (error?: ApiumError) => void;
  /** The client that has it; a later one is given it anew. */
  client: MqttClient | undefined;
}

export class MqttConnection {
  readonly #options: MqttConnectionOptions;
  /** In the order of `publish`, which is the order of sending, also after a connection was lost. */
  readonly #outgoing = new Set<Outgoing>();
  readonly #incoming: Incoming;
  #client: MqttClient | undefined;
  #state: ConnectionState = "connecting";
  #attempts = 0;
  #failure: string | undefined;
  #cancelRetry = () => {};
  #watchers = new Set<() => void>();

  /** Connects at once, and goes on trying until it is closed. */
  constructor(options: MqttConnectionOptions) {
    this.#options = options;
    this.#incoming = new Incoming(options.parts, options.log);
    brokerOptions(options.url); // A wrong URL is told to whoever opens the connection.
    void this.#open();
  }

  /** `away`: the broker does not answer, or the connection has no permit; it is tried again. */
  get state(): ConnectionState {
    return this.#state;
  }

  /** Why it is not there, as far as that has been told: of the connection lost last, or of the last attempt. */
  get failure(): string | undefined {
    return this.#state === "connected" ? undefined : this.#failure;
  }

  /** Of messages taken in. */
  get received(): Incoming["counts"] {
    return this.#incoming.counts;
  }

  /** `watch` is called after each change of `state`. */
  onState(watch: () => void): () => void {
    this.#watchers.add(watch);
    return () => this.#watchers.delete(watch);
  }

  /**
   * Resolves when the broker has acknowledged (QoS 0: when it is handed to the network). Where the connection is lost in
   * between it is sent again by the next one, so the broker may get it twice; never after this has rejected, except that
   * the broker may have it and only its acknowledgement was late.
   * @throws ApiumError `MQTT_UNAVAILABLE`; `PARAMS_INVALID` for a topic nobody may publish to.
   */
  publish(topic: string, payload: string | Buffer, options: PublishOptions = {}): Promise<void> {
    const { qos = 1, retain = false, timeoutMs = PUBLISH_TIMEOUT_MS, resend = true } = options;
    if (!isName(topic)) return Promise.reject(new ApiumError("PARAMS_INVALID", "no topic that can be published to"));
    if (this.#state === "closed" || (!resend && this.#state !== "connected"))
      return Promise.reject(new ApiumError("MQTT_UNAVAILABLE", "the MQTT broker is not connected"));
    return new Promise((resolve, reject) => {
      const settle = (error?: ApiumError) => {
        if (!this.#outgoing.delete(one)) return;
        cancel();
        if (error === undefined) resolve();
        else reject(error);
      };
      const one: Outgoing = { topic, payload, qos, retain, resend, settle, client: undefined };
      const cancel = this.#options.parts.clock.after(timeoutMs, () => settle(this.#late(one, timeoutMs)));
      this.#outgoing.add(one);
      if (this.#state === "connected") this.#send(one);
    });
  }

  /**
   * The handler's promise decides: the broker gets its acknowledgement when it is resolved. When it rejects there is none,
   * and the handler is given the message again after 1 s, 2 s, … 30 s, for as long as the connection lasts; after that the
   * broker delivers it again. Handlers run side by side. QoS 0 is given once.
   * Resolves when the broker has granted it: nobody whose start must not depend on the broker should wait for that.
   */
  subscribe(filters: readonly string[], handler: MessageHandler): Promise<void> {
    const granted = this.#incoming.add(filters, handler);
    if (this.#state === "connected" && this.#client !== undefined) this.#incoming.askFor(this.#client);
    return granted;
  }

  /** Ends the connection; a new one follows by itself. For when nothing comes through. */
  drop(): void {
    if (this.#client !== undefined) this.#lost(this.#client, "it was given up");
  }

  /** What is not acknowledged by now is refused; handlers at work are waited for, at most 5 s. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    const client = this.#client;
    this.#become("closed");
    this.#cancelRetry();
    await this.#incoming.idle(CLOSE_MS);
    this.#client = undefined;
    for (const one of [...this.#outgoing])
      one.settle(new ApiumError("MQTT_UNAVAILABLE", "the connection was closed before the broker had acknowledged"));
    this.#incoming.close();
    if (client === undefined) return;
    await new Promise<void>((resolve) => {
      // With acknowledgements outstanding `end` would wait for them for ever.
      const cancel = this.#options.parts.clock.after(1_000, resolve);
      client.stream.once("close", () => {
        cancel();
        resolve();
      });
      if (client.connected) client.stream.end(DISCONNECT);
      else client.end(true);
    });
    client.end(true);
  }

  async #open(): Promise<void> {
    const isPermitted = await this.#isPermitted();
    if (this.#state === "closed") return;
    if (!isPermitted) {
      this.#become("away");
      return this.#openLater(this.#jittered(PERMIT_MS));
    }
    this.#attempts += 1;
    this.#become("connecting");
    let client: MqttClient;
    try {
      client = connect({
        ...brokerOptions(this.#options.url),
        clientId: this.#options.clientId,
        clean: this.#options.hasSession === false,
        protocolVersion: 4,
        keepalive: KEEP_ALIVE_S,
        connectTimeout: CONNECT_TIMEOUT_MS,
        reconnectPeriod: 0,
        resubscribe: false,
      });
    } catch (error) {
      this.#failure = messageOf(error);
      this.#become("away");
      return this.#openLater(this.#backOffMs(), messageOf(error));
    }
    this.#client = client;
    let reason = "the broker ended it";
    client.on("error", (error) => {
      reason = messageOf(error);
    });
    client.on("connect", () => this.#connected(client));
    client.on("close", () => this.#lost(client, reason));
    this.#incoming.listenTo(client);
  }

  #connected(client: MqttClient): void {
    if (this.#client !== client || this.#state === "closed") return;
    this.#attempts = 0;
    this.#failure = undefined;
    this.#become("connected");
    this.#options.log.info("connected to the MQTT broker");
    this.#incoming.askFor(client);
    for (const one of [...this.#outgoing]) this.#send(one);
  }

  #lost(client: MqttClient, reason: string): void {
    if (this.#client !== client || this.#state === "closed") return;
    const wasConnected = this.#state === "connected";
    this.#failure = reason;
    this.#client = undefined;
    client.end(true);
    this.#become("away");
    for (const one of [...this.#outgoing])
      if (!one.resend)
        one.settle(new ApiumError("MQTT_UNAVAILABLE", "the connection was lost before the broker had acknowledged"));
    if (wasConnected) this.#options.log.warn(`the connection to the MQTT broker is lost: ${reason}`);
    this.#openLater(this.#backOffMs(), wasConnected ? undefined : reason);
  }

  #openLater(delayMs: number, failure?: string): void {
    // Said once, not with every attempt.
    if (failure !== undefined && this.#attempts === 1)
      this.#options.log.warn(`cannot connect to the MQTT broker: ${failure}; trying again`);
    this.#cancelRetry = this.#options.parts.clock.after(delayMs, () => void this.#open());
  }

  async #isPermitted(): Promise<boolean> {
    if (this.#options.permit === undefined) return true;
    try {
      return await this.#options.permit();
    } catch {
      return false;
    }
  }

  #send(one: Outgoing): void {
    const client = this.#client;
    if (client === undefined || one.client === client) return;
    one.client = client;
    client.publish(one.topic, one.payload, { qos: one.qos, retain: one.retain }, (error) => {
      if (one.client !== client) return;
      // An error here is of the connection; the next one takes it up.
      if (error === undefined || error === null) one.settle();
    });
  }

  #late(one: Outgoing, timeoutMs: number): ApiumError {
    const what = one.client !== undefined && one.client === this.#client ? "did not acknowledge" : "was not connected";
    return new ApiumError("MQTT_UNAVAILABLE", `the MQTT broker ${what} within ${timeoutMs} ms`);
  }

  #become(state: ConnectionState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const watch of [...this.#watchers]) watch();
  }

  #backOffMs(): number {
    const { firstMs, mostMs } = this.#options.backOff ?? { firstMs: 1_000, mostMs: 30_000 };
    return Math.min(this.#jittered(Math.min(firstMs * 2 ** Math.max(this.#attempts - 1, 0), mostMs)), mostMs);
  }

  #jittered(ms: number): number {
    return ms * (1 - JITTER / 2 + JITTER * this.#options.parts.random.fraction());
  }
}

/** MQTT's good-bye: the broker keeps the session, and publishes no last will. */
const DISCONNECT = Buffer.from([0xe0, 0]);
