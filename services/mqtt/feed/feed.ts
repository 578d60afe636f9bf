// The change feed's publisher. Committed changes leave the outbox in the order of their transactions; a row is announced
// with what it says now, on the topic of all and on its client's, and is taken out of the outbox when the broker has
// acknowledged both. A crash in between announces it again: at least once, and never an older state after a newer one,
// because a row has one announcement under way at most. While the broker is away changes wait in the database.
import { randomUUID } from "node:crypto";
import type { Database } from "../../../database/index.ts";
import { type Foundation, messageOf } from "../../../runtime/index.ts";
import { type ConnectionState, MqttConnection } from "../connection.ts";
import { MAX_PAYLOAD_BYTES } from "../topics.ts";
import { type Announcement, coalesce, feedMessage, TOPIC_OF_ALL, topicOfClient } from "./announcement.ts";
import { FeedLease, LEASE_MS, publisherName } from "./lease.ts";
import { FIRST_POSITION, forgetChanges, type OutboxPosition, readChanges, trimOutbox } from "./outbox.ts";
import { readClients, readRows } from "./rows.ts";

export interface FeedOptions {
  readonly database: Database;
  /** The broker's, as for `MqttConnection`. The feed has a connection of its own. */
  readonly url: string;
  readonly parts: Pick<Foundation, "clock" | "random">;
  readonly log: Pick<Console, "info" | "warn">;
  /** How long a publisher that has died is waited for. Default 10 s; a second takes over within 15 s. */
  readonly leaseMs?: number | undefined;
  /** Between attempts to reach the broker. Default 1 s to 30 s. */
  readonly backOff?: { readonly firstMs: number; readonly mostMs: number } | undefined;
}

export interface FeedStats {
  /** `false`: another process publishes, the broker is away, or nobody wants the feed. */
  readonly isPublishing: boolean;
  readonly connection: ConnectionState;
  /** Changes that were announced. */
  readonly changes: number;
  /** Announcements, each on one topic or two. Fewer than changes where rows changed several times in a row. */
  readonly announced: number;
  /** Announcements too large for their payload. */
  readonly truncated: number;
  /** Changes that waited for a week in vain. */
  readonly trimmed: number;
  /** Times that something stood in the way: the broker or the database. */
  readonly failures: number;
}

const READ_CHANGES = 500;
/** Two topics each: at most 100 messages are under way. */
const ANNOUNCED_AT_ONCE = 50;
/** A broker may take less than we do, and end the connection over it: one large row must not hold up the feed for ever. */
const CAUTIOUS_AFTER = 2;
const CAUTIOUS_BYTES = 65_536;
const POLL_MS = 1_000;
const SLOWEST_RETRY_MS = 10_000;
const TRIM_EVERY_MS = 3_600_000;
const CHANNEL = "mqtt_feed";

export class Feed {
  readonly #options: FeedOptions;
  readonly #lease: FeedLease;
  readonly #counts = { changes: 0, announced: 0, truncated: 0, trimmed: 0, failures: 0 };
  #connection: MqttConnection | undefined;
  #isStopped = false;
  /** Batches that failed in a row. */
  #failed = 0;
  #position: OutboxPosition = FIRST_POSITION;
  #trimmedMs = Number.NEGATIVE_INFINITY;
  #wake = () => {};
  #isWoken = false;
  #isListening = true;
  #cancelRenewal = () => {};
  #unlisten: (() => Promise<void>) | undefined;
  #running: Promise<void> | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#lease = new FeedLease(options.database, options.parts.clock, randomUUID(), options.leaseMs);
  }

  /** Resolves before the broker is connected. Whether the feed is wanted is `wantFeed`'s to say, before or after. */
  async start(): Promise<void> {
    const { database, url, parts, log, backOff } = this.#options;
    this.#unlisten = await database.listen(CHANNEL, () => this.#ring());
    const permit = async () => !this.#isStopped && (await this.#lease.take());
    const clientId = await publisherName(database);
    const connection = new MqttConnection({ url, clientId, parts, log, permit, backOff });
    connection.onState(() => this.#ring());
    this.#connection = connection;
    this.#renewLater();
    this.#running = this.#run(connection);
  }

  /** What is under way is waited for; the rest stays in the outbox, and another process may go on at once. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelRenewal();
    this.#wake();
    await this.#running;
    await this.#unlisten?.().catch(() => {});
    await this.#connection?.close();
    await this.#lease.release().catch(() => {});
  }

  stats(): FeedStats {
    return { isPublishing: this.#isPublishing, connection: this.#connection?.state ?? "closed", ...this.#counts };
  }

  get #isPublishing(): boolean {
    return this.#connection?.state === "connected" && this.#lease.isHeld;
  }

  async #run(connection: MqttConnection): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#trim();
        const mayPublish = this.#isPublishing;
        const hasMore = mayPublish && (await this.#announceSome(connection));
        if (mayPublish) this.#failed = 0;
        if (!hasMore) await this.#rest(POLL_MS);
      } catch (error) {
        this.#position = FIRST_POSITION;
        this.#counts.failures += 1;
        this.#failed += 1;
        if (this.#failed === 1) this.#options.log.warn(`the change feed waits: ${messageOf(error)}`);
        // Connected and nothing comes through: another connection may do better.
        if (this.#failed > 1 && connection.state === "connected") connection.drop();
        await this.#rest(Math.min(POLL_MS * 2 ** (this.#failed - 1), SLOWEST_RETRY_MS), false);
      }
    }
  }

  /** Whether there may be more at once. */
  async #announceSome(connection: MqttConnection): Promise<boolean> {
    const changes = await readChanges(this.#options.database, this.#position, READ_CHANGES);
    const announcements = coalesce(changes);
    for (let from = 0; from < announcements.length; from += ANNOUNCED_AT_ONCE) {
      if (this.#isStopped) return false;
      await this.#announce(connection, announcements.slice(from, from + ANNOUNCED_AT_ONCE));
    }
    const last = changes.at(-1);
    const hasMore = last !== undefined && changes.length === READ_CHANGES;
    // Going on behind what was deleted spares the index's dead entries; a fresh start finds whatever came to lie before.
    this.#position = hasMore ? last : FIRST_POSITION;
    return hasMore;
  }

  async #announce(connection: MqttConnection, announcements: readonly Announcement[]): Promise<void> {
    const { database } = this.#options;
    const rowOf = await readRows(database, announcements);
    // A row may have been handed to another client since: whose it is now counts.
    const mostBytes = this.#failed < CAUTIOUS_AFTER ? MAX_PAYLOAD_BYTES : CAUTIOUS_BYTES;
    const messages = announcements.map((announcement) => {
      const row = rowOf(announcement);
      const clientId = row === undefined ? announcement.clientId : (row.client_id as number | null);
      return { clientId, ...feedMessage(announcement, row, mostBytes) };
    });
    const clientIds = messages.flatMap(({ clientId }) => (clientId === null ? [] : [clientId]));
    const clients = await readClients(database, clientIds);
    if (!this.#lease.isHeld) throw new Error("the lease ended while the rows were read");
    const acknowledged: Promise<void>[] = [];
    for (const { clientId, text } of messages) {
      const client = clientId === null ? undefined : clients.get(clientId);
      const topics = client === undefined ? [TOPIC_OF_ALL] : [TOPIC_OF_ALL, topicOfClient(client)];
      for (const topic of topics) acknowledged.push(connection.publish(topic, text, { resend: false }));
    }
    await settled(acknowledged);
    const ids = announcements.flatMap((announcement) => announcement.ids);
    await forgetChanges(database, ids);
    this.#counts.announced += announcements.length;
    this.#counts.changes += ids.length;
    this.#counts.truncated += messages.filter(({ isTruncated }) => isTruncated).length;
  }

  #renewLater(): void {
    const everyMs = (this.#options.leaseMs ?? LEASE_MS) / 4;
    this.#cancelRenewal = this.#options.parts.clock.after(everyMs, () => {
      void this.#renew().finally(() => {
        if (!this.#isStopped) this.#renewLater();
      });
    });
  }

  /** Only while connected: a publisher that cannot reach the broker makes way for one that can. */
  async #renew(): Promise<void> {
    const connection = this.#connection;
    if (connection?.state !== "connected" || this.#isStopped) return;
    const isOurs = await this.#lease.take().catch(() => this.#lease.isHeld);
    if (!isOurs && !this.#isStopped) connection.drop();
  }

  async #trim(): Promise<void> {
    const nowMs = this.#options.parts.clock.monotonic();
    if (nowMs - this.#trimmedMs < TRIM_EVERY_MS) return;
    const trimmed = await trimOutbox(this.#options.database);
    this.#trimmedMs = nowMs;
    this.#counts.trimmed += trimmed;
    if (trimmed > 0) this.#options.log.warn(`${trimmed} changes waited a week for the MQTT broker and were given up`);
  }

  #ring(): void {
    this.#isWoken = true;
    if (this.#isListening) this.#wake();
  }

  /** This long, or until somebody rings: at once where somebody has since the last rest. `stop` ends it in any case. */
  #rest(ms: number, isListening = true): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.#wake = () => {};
        this.#isWoken = false;
        resolve();
      };
      const cancel = this.#options.parts.clock.after(ms, done);
      this.#wake = done;
      this.#isListening = isListening;
      if (this.#isStopped || (isListening && this.#isWoken)) done();
    });
  }
}

/** Waits for all, then throws the first error: nothing of a batch is under way when the next is read. */
async function settled(promises: readonly Promise<void>[]): Promise<void> {
  const failure = (await Promise.allSettled(promises)).find((result) => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}
