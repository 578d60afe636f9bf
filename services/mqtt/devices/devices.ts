// Messages of devices: who sends them is asked of the mobile service by the token they bring; mutations are given to it
// and acknowledged once they are kept, on the device's own topic. What is wrong with a message is told to its device and
// counted; an outage leaves the message with the broker, which delivers it again.

import { isTransient } from "../../../database/index.ts";
import {
  ApiumError,
  codeOf,
  ERRORS,
  type FieldError,
  type Foundation,
  type Log,
  messageOf,
} from "../../../runtime/index.ts";
import { Turns } from "../../turns.ts";
import type { Message } from "../incoming.ts";
import { covers } from "../topics.ts";
import { decode } from "./decode.ts";
import {
  answerTopicOf,
  deviceIn,
  ECHO_ANSWER_TOPIC,
  ECHO_TOPIC,
  isDeviceId,
  MUTATION_TOPICS,
  SHARED_ANSWER_TOPIC,
  SHARED_STATUS_TOPIC,
  STATUS_TOPICS,
  statusTopicOf,
  TRACKING_TOPICS,
} from "./device-topics.ts";
import type { PhoneUser } from "./phone-user.ts";
import type { TrackingWriter } from "./tracking.ts";

/** What the mobile service told when a message was done. */
export interface Done {
  readonly taskId: string;
  readonly personId: number;
  readonly clientId: number;
  readonly deviceId: string | null;
  readonly uuids: readonly string[];
  readonly serviceName: string | null;
  readonly status: string;
}

export interface DevicesParts {
  readonly publish: (topic: string, payload: string, qos?: 0 | 1) => Promise<void>;
  /** An action of the mobile service. */
  readonly call: (action: string, params: object, user?: object) => Promise<unknown>;
  readonly tracking: TrackingWriter;
  readonly log: Pick<Log, "warn" | "error">;
  readonly parts: Pick<Foundation, "clock">;
}

/** Each may become ten megabytes. */
const UNPACKED_AT_ONCE = 2;
/** More than a broker hands out without acknowledgements. */
const MOST_WAITING = 10_000;
const LARGEST_ECHO_BYTES = 65_536;
/** Of things the sender named, in an answer: a small message, inflated, must not become a large answer. */
const MOST_ECHOED = 1_000;
const LONGEST_ECHOED = 100;
const MOST_FIELDS = 20;
const AWAY: readonly string[] = ["SERVICE_UNAVAILABLE", "STORE_UNAVAILABLE", "STORE_TIMEOUT", "MQTT_UNAVAILABLE"];

type Json = Readonly<Record<string, unknown>>;

export class Devices {
  readonly #parts: DevicesParts;
  readonly #counts = { received: 0, kept: 0, repeated: 0, asked: 0 };
  readonly #refused = new Map<string, number>();
  readonly #unpacking = new Turns({ turns: UNPACKED_AT_ONCE, mostWaiting: MOST_WAITING, refusal: "too many messages" });

  constructor(parts: DevicesParts) {
    this.#parts = parts;
  }

  /** Everything that is to be subscribed to. */
  static readonly topics: readonly string[] = [...MUTATION_TOPICS, ...STATUS_TOPICS, ...TRACKING_TOPICS, ECHO_TOPIC];

  stats() {
    const { points, statements } = this.#parts.tracking.counts;
    return { ...this.#counts, refused: Object.fromEntries(this.#refused), points, statements };
  }

  /** Resolves when the broker may forget the message. @throws an outage: it is to be delivered again. */
  async take({ topic, payload }: Pick<Message, "topic" | "payload">): Promise<void> {
    this.#counts.received += 1;
    if (topic === ECHO_TOPIC) return this.#echo(payload);
    let message: Json = {};
    let user: PhoneUser | undefined;
    try {
      message = await this.#unpacking.take(() => decode(payload));
      user = await this.#senderOf(message);
      refuseForeign(topic, user);
      if (isAny(TRACKING_TOPICS, topic)) return await this.#parts.tracking.add(message, user);
      if (isAny(STATUS_TOPICS, topic)) return await this.#status(topic, message, user);
      await this.#keep(topic, message, user);
    } catch (error) {
      if (isOutage(error)) throw error;
      await this.#refuse(topic, message, user, error).catch((failure: unknown) => this.#unlessAway(topic, failure));
    }
  }

  /** A refusal that cannot be told at all must not come again and again: it would take the place of other messages. */
  #unlessAway(topic: string, failure: unknown): void {
    if (isOutage(failure)) throw failure;
    this.#parts.log.warn(`MQTT: a refusal of a message of ${topic.slice(0, 100)} was not told: ${messageOf(failure)}`);
  }

  /** Tells the device how its message ended, record by record. */
  async tellDone({ taskId, deviceId, personId, clientId, uuids, serviceName, status }: Done): Promise<void> {
    if (deviceId === null) return;
    const user = { name: `person:${personId}`, role: "person", clientId, personId, deviceId };
    const { items } = (await this.#parts.call("status", { taskIds: [taskId] }, user)) as {
      items: { result: unknown }[];
    };
    await this.#answer(deviceId, { task_id: taskId, status, uuids, serviceName, result: items[0]?.result ?? null });
  }

  async #keep(topic: string, message: Json, user: PhoneUser): Promise<void> {
    const { mutation, variables, uuids, serviceName, messageId, operationName } = message;
    const given = { mutation, variables: variables ?? {}, uuids, serviceName, messageId, operationName, via: "mqtt" };
    const known = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
    );
    const kept = (await this.#parts.call("receive", known, { ...user, role: "person" })) as Kept;
    this.#counts.kept += 1;
    if (kept.isRepeat) this.#counts.repeated += 1;
    const answer = { task_id: kept.taskId, status: kept.status, uuids: kept.uuids, serviceName: kept.serviceName };
    if (user.deviceId !== null) await this.#answer(user.deviceId, answer);
    // What the phones of the original listen to, for those that speak as they do. It names ids alone: everybody hears it.
    if (deviceIn(topic) === undefined) await this.#parts.publish(SHARED_ANSWER_TOPIC, JSON.stringify(answer));
  }

  async #status(topic: string, message: Json, user: PhoneUser): Promise<void> {
    this.#counts.asked += 1;
    const asked = Array.isArray(message.taskIds) ? message.taskIds : [];
    const taskIds = asked.map((each: unknown) => (isObject(each) ? (each.taskId ?? each.task_id) : each));
    const { items } = (await this.#parts.call("status", { taskIds }, { ...user, role: "person" })) as { items: Told[] };
    const told = items.map(({ taskId, status, result }) => ({ taskId, status, result }));
    if (user.deviceId !== null) await this.#parts.publish(statusTopicOf(user.deviceId), JSON.stringify(told));
    if (deviceIn(topic) !== undefined) return;
    // Of everybody's hearing, so without what the records say.
    const plain = told.map(({ taskId, status }) => ({ taskId, status }));
    await this.#parts.publish(SHARED_STATUS_TOPIC, JSON.stringify(plain));
  }

  /** @throws ApiumError `UNAUTHENTICATED`. */
  async #senderOf({ token }: Json): Promise<PhoneUser> {
    if (typeof token !== "string") throw new ApiumError("UNAUTHENTICATED", "a message brings its sender's token");
    return (await this.#parts.call("verifyToken", { token })) as PhoneUser;
  }

  /** Told to the device: by its token, or, where that is not valid any more, by the topic that is its own. */
  async #refuse(
    topic: string,
    { uuids, serviceName }: Json,
    user: PhoneUser | undefined,
    error: unknown,
  ): Promise<void> {
    const isOurs = Object.hasOwn(ERRORS, codeOf(error) ?? "");
    const code = isOurs ? (codeOf(error) ?? "INTERNAL") : "INTERNAL";
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
    if (!isOurs) this.#parts.log.error(`MQTT: a message of ${topic.slice(0, 100)} failed: ${stackOf(error)}`);
    const device = user === undefined && code === "UNAUTHENTICATED" ? deviceIn(topic) : (user?.deviceId ?? undefined);
    if (device === undefined || !isDeviceId(device)) return;
    const fields = isOurs ? (error as ApiumError).fields?.slice(0, MOST_FIELDS).map(shortened) : undefined;
    const message = isOurs ? messageOf(error) : ERRORS.INTERNAL.meaning;
    await this.#answer(device, {
      ...{ task_id: null, status: "REFUSED", uuids: textsIn(uuids), serviceName: textOf(serviceName) },
      error: { code, message, ...(fields === undefined ? {} : { fields }) },
    });
  }

  async #answer(deviceId: string, answer: object): Promise<void> {
    await this.#parts.publish(answerTopicOf(deviceId), JSON.stringify(answer));
  }

  async #echo(payload: Buffer): Promise<void> {
    if (payload.length > LARGEST_ECHO_BYTES) return;
    await this.#parts.publish(ECHO_ANSWER_TOPIC, payload.toString("utf8"), 0).catch(() => {});
  }
}

interface Kept {
  readonly taskId: string;
  readonly status: string;
  readonly uuids: readonly string[];
  readonly serviceName: string | null;
  readonly isRepeat: boolean;
}

interface Told {
  readonly taskId: string;
  readonly status: string;
  readonly result: unknown;
}

/** @throws ApiumError `FORBIDDEN` for another device's topic. */
function refuseForeign(topic: string, { deviceId }: PhoneUser): void {
  const device = deviceIn(topic);
  if (device !== undefined && device !== deviceId) throw new ApiumError("FORBIDDEN", "this topic is another device's");
}

function isOutage(error: unknown): boolean {
  return isTransient(error) || AWAY.includes(codeOf(error) ?? "");
}

function isAny(filters: readonly string[], topic: string): boolean {
  return filters.some((filter) => covers(filter, topic));
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null;
}

function textsIn(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((each) => typeof each === "string" && each.length <= LONGEST_ECHOED).slice(0, MOST_ECHOED);
}

function shortened({ field, message }: FieldError): FieldError {
  return { field: field.slice(0, LONGEST_ECHOED), message: message.slice(0, LONGEST_ECHOED * 2) };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value.slice(0, 200) : null;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
