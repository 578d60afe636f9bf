// Task ids are UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, then chance. They sort by time of creation, so the
// newest tasks sit together in every index.
import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export type NewId = () => string;

/** Makes ids that grow within one process even inside one millisecond. */
export function idSource(clock: Clock, random: Random): NewId {
  let lastMs = -1;
  let counter = 0;
  const bytes = new Uint8Array(10);
  const hex = (index: number): string => HEX[bytes[index] ?? 0] ?? "00";
  return () => {
    random.fill(bytes);
    const ms = Math.floor(clock.now());
    if (ms > lastMs) {
      lastMs = ms;
      counter = ((bytes[0] ?? 0) << 3) | ((bytes[1] ?? 0) & 7); // leaves half of the 12 bits to grow into
    } else if (++counter > 0xfff) {
      lastMs++;
      counter = 0;
    }
    const time = lastMs.toString(16).padStart(12, "0");
    bytes[2] = 0x80 | ((bytes[2] ?? 0) & 0x3f);
    return (
      `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, "0")}-` +
      `${hex(2)}${hex(3)}-${hex(4)}${hex(5)}${hex(6)}${hex(7)}${hex(8)}${hex(9)}`
    );
  };
}

/** True for a UUID of any version in its canonical lower-case form. */
export function isTaskId(text: string): boolean {
  return UUID.test(text);
}

const OURS = /^[0-9a-f]{8}-[0-9a-f]{4}-7/;

/** When an id of ours was made, in milliseconds since the epoch; `undefined` for another kind of UUID. */
export function instantOf(id: string): number | undefined {
  return OURS.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}

/** No id of ours that was made at this instant, or later, sorts before it. */
export function lowestIdAt(ms: number): string {
  const time = Math.floor(ms).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}
