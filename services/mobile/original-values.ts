// Values as the phones of the original product write them, read as ours: "None" for nothing, instants without a zone that
// mean UTC, points in three spellings, lists as text. Pure.

/** What those phones write for nothing. */
const NOTHING = new Set(["", "none", "null", "undefined"]);

export function isNothing(value: unknown): boolean {
  return (
    value === null || value === undefined || (typeof value === "string" && NOTHING.has(value.trim().toLowerCase()))
  );
}

/** `2026-11-23 18:44:17[.123][+05:30]` is UTC where it says nothing else. Other text stays as it is. */
export function instantOf(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const [, day, time, zone] =
    /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s*(Z|[+-]\d{2}:?\d{2})?$/i.exec(value.trim()) ?? [];
  if (day === undefined || time === undefined) return value;
  const clock = time.length === 5 ? `${time}:00` : time.replace(/(\.\d{3})\d+$/, "$1");
  const offset = zone === undefined ? "Z" : zone.toUpperCase().replace(/^([+-]\d{2})(\d{2})$/, "$1:$2");
  return `${day}T${clock}${offset}`;
}

export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

/** `"lat,lng"`, `[SRID=4326;]POINT(lng lat)`, or the hexadecimal EWKB of such a point; `undefined` for anything else. */
export function placeOf(value: unknown): Place | undefined {
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  const [, north, east] = /^(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (north !== undefined) return placeAt(Number(north), Number(east));
  const [, x, y] = /^(?:SRID=4326;)?\s*POINT\s*\(\s*(-?\d+(?:\.\d+)?)\s+(-?\d+(?:\.\d+)?)\s*\)$/i.exec(text) ?? [];
  if (x !== undefined) return placeAt(Number(y), Number(x));
  return placeOfEwkb(text);
}

const EWKB_POINT = 1;
const EWKB_HAS_SRID = 0x2000_0000;

/** PostGIS' own: byte order, type with flags, perhaps an SRID, two doubles. */
function placeOfEwkb(text: string): Place | undefined {
  if (!/^0[01][0-9a-f]{40,48}$/i.test(text)) return undefined;
  const bytes = Buffer.from(text, "hex");
  const isLittle = bytes[0] === 1;
  const type = isLittle ? bytes.readUInt32LE(1) : bytes.readUInt32BE(1);
  if ((type & 0xff) !== EWKB_POINT) return undefined;
  const at = (type & EWKB_HAS_SRID) === 0 ? 5 : 9;
  if (bytes.length !== at + 16) return undefined;
  const [x, y] = isLittle
    ? [bytes.readDoubleLE(at), bytes.readDoubleLE(at + 8)]
    : [bytes.readDoubleBE(at), bytes.readDoubleBE(at + 8)];
  return placeAt(y, x);
}

function placeAt(latitude: number, longitude: number): Place | undefined {
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : undefined;
}

/** `"BIKE, CAR"` and `["BIKE"]` are lists. */
export function listOf(value: unknown): unknown {
  if (typeof value !== "string") return value;
  return value
    .replace(/^\[|\]$/g, "")
    .split(",")
    .map((part) => part.trim().replace(/^['"]|['"]$/g, ""))
    .filter((part) => part !== "");
}

/** The original's row 1 of every table is "none". */
export function idOf(value: unknown): unknown {
  const number = typeof value === "string" && /^\d{1,16}$/.test(value.trim()) ? Number(value) : value;
  return number === 1 || number === 0 || number === -1 ? null : number;
}

export function numberOf(value: unknown): unknown {
  return typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}
