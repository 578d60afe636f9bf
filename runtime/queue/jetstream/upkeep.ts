// Keeps the engine and the books in step. Streams that vanished (a power cut) are made again; rows whose message got
// lost are claimed from the table; messages that a crash of the server brought back to life for no row are removed.
// Every process does this; all of it may be done twice without harm.
import type { JetStreamManager } from "@nats-io/jetstream";
import type { Database } from "../../../database/index.ts";
import { plainArray } from "../../../database/index.ts";
import type { Foundation } from "../../contract/foundation.ts";
import { LANES } from "../../contract/priority.ts";
import { messageId } from "../../contract/task-message.ts";
import type { JetStreamDispatcher } from "./dispatcher.ts";
import { type LaneName, laneKey, streamName, taskSubject } from "./names.ts";
import { StrandedLanes } from "./stranded-lanes.ts";
import { ensureQueue, isMissing } from "./streams.ts";

const LOST_EVERY_MS = 2_000;
const ZOMBIES_EVERY_MS = 5_000;
const STRANDED_EVERY_MS = 10_000;
const PROBES_PER_LANE = 10;
const ZOMBIES_PER_LOOK = 2_000;

interface OldestRow {
  readonly id: string;
  readonly attempt: number;
  readonly queue: string;
  readonly lane: number;
  readonly seq: number;
}

export class Upkeep {
  readonly #database: Database;
  readonly #manager: JetStreamManager;
  readonly #dispatcher: JetStreamDispatcher;
  readonly #queues: readonly string[];
  readonly #parts: Foundation;
  readonly #stranded: StrandedLanes;
  #seenBefore = new Set<string>();
  #suspects = new Map<string, number>();
  #nextLost = 0;
  #nextZombies = 0;
  #nextStranded = 0;
  #streamGone = false;

  constructor(
    database: Database,
    manager: JetStreamManager,
    dispatcher: JetStreamDispatcher,
    queues: readonly string[],
    parts: Foundation,
  ) {
    this.#database = database;
    this.#manager = manager;
    this.#dispatcher = dispatcher;
    this.#queues = queues;
    this.#parts = parts;
    this.#stranded = new StrandedLanes(manager, parts);
  }

  /** Makes missing streams and consumers. A stream that was new had lost whatever it held. */
  async ensure(): Promise<void> {
    for (const queue of this.#queues) {
      const isNew = await ensureQueue(this.#manager, queue);
      if (isNew) await this.#dispatcher.lanes.mark(LANES.map((lane) => ({ queue, lane, seq: 1 })));
    }
    await this.#dispatcher.lanes.close();
  }

  async tend(somethingIsMissing: boolean): Promise<void> {
    const now = this.#parts.clock.monotonic();
    await this.#dispatcher.lanes.refresh();
    // What is asked of an engine that is away waits out its whole time-out.
    if (this.#dispatcher.connected) {
      const isGone = this.#streamGone;
      this.#streamGone = false;
      if (somethingIsMissing || isGone) await this.ensure();
      await this.#countDepths();
    }
    if (now >= this.#nextLost) {
      this.#nextLost = now + LOST_EVERY_MS;
      await this.#findLost();
    }
    if (now >= this.#nextZombies && this.#dispatcher.connected) {
      this.#nextZombies = now + ZOMBIES_EVERY_MS;
      for (const queue of this.#queues) await this.#removeZombies(queue);
    }
    if (now >= this.#nextStranded && this.#dispatcher.connected) {
      this.#nextStranded = now + STRANDED_EVERY_MS;
      for (const queue of this.#queues) await this.#stranded.mend(queue);
    }
  }

  async #countDepths(): Promise<void> {
    for (const key of this.#dispatcher.filledLanes()) {
      const [queue = "", lane = ""] = key.split(".");
      const info = await this.#manager.consumers.info(streamName(queue), lane).catch(ignoreMissing);
      this.#dispatcher.setDepth(key, (info?.num_pending ?? 0) + (info?.num_ack_pending ?? 0));
    }
  }

  /**
   * Rows that were the oldest of their lane in two looks, and have no message, or none within reach because the engine
   * is away: the lane is claimed from the table.
   */
  async #findLost(): Promise<void> {
    const { rows } = await this.#database.hot.query<OldestRow>(
      `select o.id, o.attempt, o.queue, o.lane::integer as lane, o.seq
       from unnest($1::text::text[]) as q(queue) cross join unnest(array[0, 1, 2]::smallint[]) as l(lane)
       left join task_lane k on k.queue = q.queue and k.lane = l.lane
       cross join lateral (
         select t.id, t.attempt, t.queue, t.lane, t.seq from task t
         where t.queue = q.queue and t.lane = l.lane and t.state = 'QUEUED'
           and (k.published_seq is null or t.seq <= k.published_seq)
         order by t.seq limit ${PROBES_PER_LANE}) o`,
      [`{${this.#queues.join(",")}}`],
    );
    const seenNow = new Set(rows.map(messageId));
    const lost = new Map<string, LaneName & { seq: number }>();
    for (const row of rows) {
      if (!this.#seenBefore.has(messageId(row))) continue;
      const lane = { queue: row.queue, lane: LANES[row.lane] ?? ("normal" as const) };
      if (lost.has(laneKey(lane)) || (this.#dispatcher.connected && (await this.#hasMessage(lane, row)))) continue;
      lost.set(laneKey(lane), { ...lane, seq: row.seq });
    }
    this.#seenBefore = seenNow;
    if (lost.size === 0) return;
    this.#parts.log.warn(
      `messages of ${[...lost.keys()].join(", ")} are lost or out of reach; their tasks are claimed from the table`,
    );
    await this.#dispatcher.lanes.mark([...lost.values()]);
  }

  async #hasMessage({ queue, lane }: LaneName, row: OldestRow): Promise<boolean> {
    try {
      const message = await this.#manager.streams.getMessage(streamName(queue), {
        last_by_subj: taskSubject(queue, lane, row.id),
      });
      return message !== null && message.header.get("Nats-Msg-Id") === messageId(row);
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /**
   * After a kill of nats-server 2.9, messages that were acknowledged can be back in the stream below the consumer's ack
   * floor, never to be delivered. They are told from messages in flight by staying there over two looks.
   */
  async #removeZombies(queue: string): Promise<void> {
    const stream = streamName(queue);
    const info = await this.#manager.streams.info(stream).catch((error: unknown) => {
      // Workers that are busy with the table do not ask the stream, so they do not find out.
      if (isMissing(error)) this.#streamGone = true;
    });
    if (!info || info.state.messages === 0) return;
    let waiting = 0;
    const floors: [subject: string, floor: number][] = [];
    for (const lane of LANES) {
      const consumer = await this.#manager.consumers.info(stream, lane).catch(ignoreMissing);
      waiting += (consumer?.num_pending ?? 0) + (consumer?.num_ack_pending ?? 0);
      floors.push([taskSubject(queue, lane, ">"), consumer?.ack_floor.stream_seq ?? 0]);
    }
    const surplus = info.state.messages - waiting;
    const before = this.#suspects.get(queue) ?? 0;
    this.#suspects.set(queue, surplus);
    if (surplus <= 0 || before <= 0) return;
    for (const [subject, floor] of floors) await this.#removeDead(stream, subject, info.state.first_seq, floor);
  }

  /** Lane by lane, because each has a floor of its own: one that never carried anything stays at zero. */
  async #removeDead(stream: string, subject: string, first: number, floor: number): Promise<void> {
    const messages: { readonly seq: number; readonly id: string }[] = [];
    for (let seq = first; seq <= floor && messages.length < ZOMBIES_PER_LOOK; ) {
      const next = { seq, next_by_subj: subject };
      const message = await this.#manager.streams.getMessage(stream, next).catch(ignoreMissing);
      if (!message || message.seq > floor) break;
      messages.push({ seq: message.seq, id: message.header.get("Nats-Msg-Id") });
      seq = message.seq + 1;
    }
    if (messages.length === 0) return;
    const ids = messages.map(({ id }) => id.split(":")[0] ?? "").filter((id) => /^[0-9a-f-]{36}$/.test(id));
    const { rows } = await this.#database.query<{ id: string; attempt: number }>(
      "select id, attempt from task where id = any($1::text::uuid[]) and state = 'QUEUED'",
      [plainArray(ids)],
    );
    const live = new Set(rows.map(messageId));
    const dead = messages.filter(({ id }) => !live.has(id));
    for (const { seq } of dead) await this.#manager.streams.deleteMessage(stream, seq, false).catch(ignoreMissing);
    if (dead.length > 0) this.#parts.log.info(`removed ${dead.length} dead messages from ${stream}`);
  }
}

function ignoreMissing(_error: unknown): undefined {
  return undefined;
}
