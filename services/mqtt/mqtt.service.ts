// MQTT: the change feed out, messages of devices in, and `publish_mqtt`. Without a broker to go to, an embedded system runs
// its own; one of several processes does without.
import type { Context, ServiceBroker } from "moleculer";
import { ApiumError, codeOf, messageOf, spanned } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { checkBroker } from "./check-broker.ts";
import { MqttConnection } from "./connection.ts";
import { Devices, type Done } from "./devices/devices.ts";
import { Seat } from "./devices/seat.ts";
import { TrackingWriter } from "./devices/tracking.ts";
import { type EmbeddedBroker, startEmbeddedBroker } from "./embedded-broker.ts";
import { Feed, outboxBacklog, wantFeed } from "./feed/index.ts";
import { publishMqtt } from "./tasks.ts";

export function mqttService(serviceParts: ServiceParts): TaskServiceSchema {
  const { database, runtime, settings, log } = serviceParts;
  const { parts } = runtime;
  let broker: ServiceBroker | undefined;
  let embedded: EmbeddedBroker | undefined;
  let publisher: MqttConnection | undefined;
  let subscriber: MqttConnection | undefined;
  let feed: Feed | undefined;
  const seat = new Seat(database, parts);
  const tracking = new TrackingWriter(database, parts);

  const connected = (): MqttConnection => {
    if (publisher === undefined) throw new ApiumError("MQTT_UNAVAILABLE", "there is no MQTT broker: set MQTT_URL");
    return publisher;
  };
  const call = (action: string, params: object, user?: object) => {
    if (broker === undefined) return Promise.reject(new ApiumError("SERVICE_UNAVAILABLE"));
    return broker.call(`mobile.${action}`, params, user === undefined ? {} : { meta: { user } }).catch(known);
  };
  const publish = (topic: string, payload: string, qos: 0 | 1 = 1) => connected().publish(topic, payload, { qos });
  const devices = new Devices({ publish, call, tracking, log, parts });

  async function deviceOf(token: string): Promise<string | undefined> {
    try {
      return ((await call("verifyToken", { token })) as { deviceId: string }).deviceId;
    } catch (error) {
      if (codeOf(error) === "UNAUTHENTICATED" || codeOf(error) === "PARAMS_INVALID") return undefined;
      throw error;
    }
  }

  return {
    name: "mqtt",
    actions: {
      /** Of a broker of others: the embedded one is in this process. */
      check: () => ({ findings: settings.MQTT_URL === undefined ? [] : checkBroker(publisher) }),
      async stats() {
        return {
          connection: publisher?.state ?? "closed",
          hearsDevices: subscriber?.state === "connected",
          embedded: embedded?.address ?? null,
          outbox: await outboxBacklog(database),
          feed: feed?.stats() ?? null,
          devices: devices.stats(),
        };
      },
    },
    events: {
      /** Of the mobile service: one of the processes that speak to devices passes it on. */
      async "mobile.done"(ctx: Context<Done>) {
        if (publisher === undefined) return;
        await devices.tellDone(ctx.params).catch((error: unknown) => {
          log.warn(`MQTT: a device was not told that its message is done: ${messageOf(error)}`);
        });
      },
    },
    tasks: {
      publishMqtt: runs(publishMqtt, async ({ params }) => {
        const { topic, payload, qos, retain } = params;
        const text = JSON.stringify(payload);
        const attributes = { "messaging.system": "mqtt", "messaging.destination.name": topic };
        await spanned({ name: "publish mqtt", kind: "client", attributes }, () =>
          connected().publish(topic, text, { qos, retain }),
        );
        return { topic, bytes: Buffer.byteLength(text) };
      }),
    },
    created() {
      broker = (this as { broker: ServiceBroker }).broker;
    },
    async started() {
      if (settings.MQTT_URL === undefined && database.engine === "pglite") {
        embedded = await startEmbeddedBroker(deviceOf);
        log.info(`no MQTT_URL: devices connect to ${embedded.address}`);
      }
      const url = settings.MQTT_URL ?? embedded?.url;
      await wantFeed(database, url !== undefined);
      if (url === undefined) return log.info("no MQTT_URL: no change feed, and no messages of devices");
      publisher = new MqttConnection({ url, clientId: `apium-${broker?.nodeID}`, hasSession: false, parts, log });
      feed = new Feed({ database, url, parts, log });
      await feed.start();
      const hearing = new MqttConnection({ url, clientId: await seat.name(), parts, log, permit: () => seat.take() });
      subscriber = hearing;
      seat.keep(
        () => hearing.state === "connected",
        () => hearing.drop(),
      );
      hearing
        .subscribe(Devices.topics, (message) => devices.take(message))
        .catch((error: unknown) => log.error(`MQTT: devices are not heard: ${messageOf(error)}`));
    },
    async stopped() {
      await subscriber?.close();
      await seat.leave().catch(() => {});
      await feed?.stop();
      await tracking.drained();
      await publisher?.close();
      await embedded?.stop();
    },
  };
}

/** Errors of the bus as ours: a service that is away is an outage, to be waited for. */
function known(error: unknown): never {
  const { type, name } = (error ?? {}) as { type?: unknown; name?: unknown };
  const isAway = /^(SERVICE_NOT_(FOUND|AVAILABLE)|REQUEST_(TIMEOUT|SKIPPED|REJECTED)|QUEUE_FULL)$/.test(String(type));
  if (isAway || name === "ServiceUnavailableError") {
    throw new ApiumError("SERVICE_UNAVAILABLE", undefined, { cause: error });
  }
  throw error;
}
