/** A consumer that counts messages as handed out that are gone, as a kill of nats-server 2.9 leaves it: forced by its own file. */
import { copyFileSync, globSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "@jest/globals";
import { type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { VirtualClock } from "../../runtime/contract/clock.ts";
import { silentLog } from "../../runtime/contract/log.ts";
import type { Lane } from "../../runtime/contract/priority.ts";
import { streamName, taskSubject } from "../../runtime/queue/jetstream/names.ts";
import { STRANDED_AFTER_MS, StrandedLanes } from "../../runtime/queue/jetstream/stranded-lanes.ts";
import { ACK_WAIT_MS, ensureQueue } from "../../runtime/queue/jetstream/streams.ts";
import { eventually } from "../support/backends.ts";
import { type ServerHandle, startNats } from "../support/servers/index.ts";

const QUEUE = "default";
const STREAM = streamName(QUEUE);
const SECOND = 1_000_000_000;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 400_000);

/** Asks for messages all the time, as a worker does; acknowledges them, or not. */
function worker(connection: NatsConnection, isAcknowledging: () => boolean): string[] {
  const received: string[] = [];
  const inbox = `_INBOX.${Math.random().toString(36).slice(2)}`;
  connection.subscribe(inbox, {
    callback: (_error, message) => {
      if (message.reply === undefined || message.reply === "") return;
      received.push(message.string());
      if (isAcknowledging()) connection.publish(message.reply, "+ACK");
    },
  });
  const ask = () =>
    connection.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${STREAM}.normal`,
      JSON.stringify({ batch: 20, expires: 10 * SECOND }),
      {
        reply: inbox,
      },
    );
  const timer = setInterval(ask, 200);
  cleanups.push(() => clearInterval(timer));
  return received;
}

async function publish(connection: NatsConnection, lane: Lane, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    // Just started anew, the server may lose one; said again it is dropped where it was kept.
    await eventually(() => jetstream(connection).publish(taskSubject(QUEUE, lane, name), name, { msgID: name }));
  }
}

async function stateOf(manager: JetStreamManager) {
  const consumer = await manager.consumers.info(STREAM, "normal");
  const { state } = await manager.streams.info(STREAM);
  return {
    messages: state.messages,
    handedOut: consumer.num_ack_pending,
    floor: consumer.ack_floor.stream_seq,
  };
}

/** The server started anew with the consumer's file of before: three messages count as handed out there that are gone since. */
async function strand(nats: ServerHandle, manager: JetStreamManager, acknowledge: () => void): Promise<void> {
  const file = () => globSync(join(nats.dir, "jetstream", "**", STREAM, "obs", "normal", "o.dat"))[0] ?? "";
  await eventually(async () => (await stateOf(manager)).handedOut === 3);
  // Told to stop it writes down what it knows.
  await nats.kill("SIGTERM");
  const kept = join(nats.dir, "o.dat.before");
  copyFileSync(file(), kept);
  await nats.restart();
  acknowledge();
  await eventually(async () => (await stateOf(manager)).messages === 1);
  await nats.kill("SIGTERM");
  copyFileSync(kept, file());
  await nats.restart();
}

test("a consumer that waits for messages that are gone is made anew; one whose messages are handed out again is not", async () => {
  const nats = await startNats();
  cleanups.push(() => nats.stop());
  const connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  cleanups.push(() => connection.close());
  const manager = await jetstreamManager(connection);
  await ensureQueue(manager, QUEUE);
  let isAcknowledging = false;
  const received = worker(connection, () => isAcknowledging);
  // Below them something stays in the stream: the server forgets by itself what is said of messages before the first.
  await publish(connection, "low", "waits");
  await publish(connection, "normal", "a", "b", "c");
  const clock = new VirtualClock();
  const said: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void said.push(message) };
  const lanes = new StrandedLanes(manager, { clock, log });
  const look = async () => {
    await clock.advance(STRANDED_AFTER_MS);
    await lanes.mend(QUEUE);
  };

  await eventually(async () => received.length >= 3);
  await look();
  const had = received.length;
  await eventually(async () => received.length >= had + 3);
  await look();
  expect(said).toEqual([]);

  await strand(nats, manager, () => {
    isAcknowledging = true;
  });
  await publish(connection, "normal", "d", "e");
  await eventually(async () => received.includes("e"));
  await sleep(ACK_WAIT_MS + 2_000);
  // An acknowledgement that was lost with a connection comes with the next delivery.
  await eventually(async () => {
    expect(await stateOf(manager)).toEqual({ messages: 1, handedOut: 3, floor: 0 });
    return true;
  });

  await look();
  expect(said).toEqual([]);
  await look();
  expect(said).toEqual([expect.stringMatching(/^default\.normal: .* made anew$/)]);
  expect(await stateOf(manager)).toEqual({ messages: 1, handedOut: 0, floor: 0 });
  await publish(connection, "normal", "f");
  await eventually(async () => received.includes("f") && (await stateOf(manager)).messages === 1);
  await look();
  await look();
  expect(said).toHaveLength(1);
}, 400_000);
