// Numbers, times and spans as people read them.

const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;
const D = 24 * H;

/** Milliseconds: `12 ms`, `3.4 s`, `5 min`, `2.1 h`, `3 d`. */
export function span(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || Number.isNaN(ms)) return "–";
  if (ms < S) return `${trim(ms, ms < 10 ? 1 : 0)} ms`;
  if (ms < 10 * S) return `${trim(ms / S, 1)} s`;
  if (ms < MIN) return `${Math.round(ms / S)} s`;
  if (ms < 10 * MIN) {
    const seconds = Math.round((ms % MIN) / S);
    return `${Math.floor(ms / MIN)} min${seconds === 0 ? "" : ` ${seconds} s`}`;
  }
  if (ms < H) return `${Math.round(ms / MIN)} min`;
  if (ms < 2 * D) return `${trim(ms / H, 1)} h`;
  return `${Math.round(ms / D)} d`;
}

/** `in 5 min`, `3 s ago`, `now`. */
export function relative(at: number, now: number): string {
  const ms = at - now;
  if (Math.abs(ms) < S) return "now";
  const far = coarse(Math.abs(ms));
  return ms > 0 ? `in ${far}` : `${far} ago`;
}

/** As exact as it has to be to say when: `82 min` and `2.4 h` beside each other would have to be reckoned with. */
function coarse(ms: number): string {
  if (ms < MIN) return `${Math.floor(ms / S)} s`;
  if (ms < H) return `${Math.floor(ms / MIN)} min`;
  if (ms >= 2 * D) return span(ms);
  const minutes = Math.floor((ms % H) / MIN);
  return `${Math.floor(ms / H)} h${minutes === 0 ? "" : ` ${minutes} min`}`;
}

/** `0.02`, `12`, `1.2 k`, `3.4 M`. */
export function short(value: number): string {
  if (Math.abs(value) < 1) return String(Number(value.toPrecision(2)));
  if (Math.abs(value) < 1_000) return trim(value, 1);
  if (Math.abs(value) < 1e6) return `${trim(value / 1e3, 1)} k`;
  return `${trim(value / 1e6, 1)} M`;
}

export function whole(value: number): string {
  return value.toLocaleString("en");
}

/** 0–1 as `12 %`. */
export function percent(fraction: number): string {
  return `${trim(fraction * 100, 1)} %`;
}

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  if (value < 1024 ** 2) return `${trim(value / 1024, 1)} kB`;
  if (value < 1024 ** 3) return `${trim(value / 1024 ** 2, 1)} MB`;
  return `${trim(value / 1024 ** 3, 2)} GB`;
}

/** A day and a time of the reader's zone: `28 Nov, 14:03:07`, with the year where it is not this one. */
export function moment(iso: string): string {
  const at = new Date(iso);
  return at.toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    ...(at.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" }),
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
}

export function clock(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** To the millisecond, in the reader's zone. */
export function exactClock(iso: string): string {
  return new Date(iso).toLocaleTimeString("en-GB", {
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit" },
    fractionalSecondDigits: 3,
  });
}

export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${whole(count)} ${count === 1 ? noun : many}`;
}

function trim(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
