// MQTT topics as text: which names one may publish to, and which of them a subscription's filter covers.

export const MAX_TOPIC_BYTES = 1_000;
/** Everything sent or taken in by way of MQTT is at most this large. */
export const MAX_PAYLOAD_BYTES = 1_048_576;
/** No wildcards, no NUL, no spaces, and so no more bytes than characters. */
export const TOPIC_NAME = /^[A-Za-z0-9/_.-]+$/;

/** A topic one may publish to by the protocol's own rules; `TOPIC_NAME` is narrower. */
export function isName(topic: string): boolean {
  return topic !== "" && !/[#+\0]/.test(topic) && Buffer.byteLength(topic) <= MAX_TOPIC_BYTES;
}

/** Whether `name` is covered by `filter`, which may hold `+`, end in `#`, and begin with `$share/<group>/`. */
export function covers(filter: string, name: string): boolean {
  const wanted = withoutShare(filter).split("/");
  const given = name.split("/");
  // MQTT 3.1.1, 4.7.2: names of the broker's own are not covered by a wildcard in front.
  if (name.startsWith("$") && (wanted[0] === "#" || wanted[0] === "+")) return false;
  for (const [index, level] of wanted.entries()) {
    if (level === "#") return true;
    if (index >= given.length) return false;
    if (level !== "+" && level !== given[index]) return false;
  }
  return wanted.length === given.length;
}

function withoutShare(filter: string): string {
  return filter.startsWith("$share/") ? filter.split("/").slice(2).join("/") : filter;
}
