// The topics of devices. Those of the original are everybody's; `devices/<id>/…` are one device's own, in both directions.

/** Where mutations come in; `+` is the device. */
export const MUTATION_TOPICS = [
  ...["graphql/django5mutation", "graphql/django5attachment", "graphql/mutation", "devices/+/mutation"],
];
export const STATUS_TOPICS = ["graphql/mutation/django5status", "devices/+/status"];
/** Where devices say where they are. */
export const TRACKING_TOPICS = ["devices/+/tracking", "guard/+/tracking"];
export const ECHO_TOPIC = "django5post";
export const ECHO_ANSWER_TOPIC = "django5received";
/** Heard by every phone of the original. */
export const SHARED_ANSWER_TOPIC = "response";
export const SHARED_STATUS_TOPIC = "response/status";

export const answerTopicOf = (deviceId: string) => `devices/${encodeURIComponent(deviceId)}/response`;
export const statusTopicOf = (deviceId: string) => `${answerTopicOf(deviceId)}/status`;

/** As a device may be named when it signs in. */
const DEVICE_ID = /^[\w.:-]{1,100}$/;

/** The device that a topic says it is of; `undefined` for those of everybody. */
export function deviceIn(topic: string): string | undefined {
  const [, id] = /^(?:devices|guard)\/([^/]+)\//.exec(topic) ?? [];
  if (id === undefined) return undefined;
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

/** Whether somebody who does not say who they are could have a device of this name: topics can say anything. */
export const isDeviceId = (id: string) => DEVICE_ID.test(id);
