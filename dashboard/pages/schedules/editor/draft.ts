// A schedule while it is being written: texts as they stand in the fields, and the body that is sent for them.
import type { Schedule } from "../../../core/shapes.ts";
import type { Timing } from "../timing-words.ts";

export const KINDS = ["cron", "every", "at", "solar"] as const;
export type Kind = (typeof KINDS)[number];

export interface Draft {
  readonly name: string;
  readonly description: string;
  readonly kind: Kind;
  readonly cron: string;
  readonly days: "and" | "or";
  readonly every: string;
  readonly at: string;
  readonly event: string;
  readonly latitude: string;
  readonly longitude: string;
  readonly timezone: string;
  readonly task: string;
  /** JSON. */
  readonly params: string;
  readonly queue: string;
  readonly priority: string;
  readonly expires: string;
  readonly jitter: string;
  readonly misfire: "skip" | "one" | "all";
  readonly misfireGrace: string;
  readonly misfireCap: string;
  readonly overlap: "allow" | "skip" | "queue";
  readonly startAt: string;
  readonly endAt: string;
  readonly oneOff: boolean;
}

/** What every group of fields works with. */
export interface FieldsProps {
  readonly draft: Draft;
  readonly set: (changes: Partial<Draft>) => void;
  /** What is wrong about a field, by its name in the API. */
  readonly errorAt: (field: string) => string | undefined;
}

export function emptyDraft(timezone: string): Draft {
  return {
    ...{ name: "", description: "", task: "", params: "{}", queue: "", priority: "" },
    ...{ kind: "cron", cron: "0 6 * * *", days: "and", every: "15m", at: "", timezone },
    ...{ event: "sunrise", latitude: "", longitude: "" },
    ...{ expires: "", jitter: "", misfire: "one", misfireGrace: "1m", misfireCap: "100", overlap: "skip" },
    ...{ startAt: "", endAt: "", oneOff: false },
  };
}

/** What a schedule says, as a draft. One that cannot be read any more gives what of it can. */
export function draftOf(schedule: Schedule): Draft {
  const empty = emptyDraft(schedule.timezone);
  const text = (value: string | number | null | undefined, instead = "") => (value ?? instead).toString();
  return {
    ...empty,
    name: schedule.name,
    description: text(schedule.description),
    kind: KINDS.find((kind) => schedule[kind] !== undefined) ?? "cron",
    cron: text(schedule.cron, empty.cron),
    days: schedule.days ?? "and",
    every: text(schedule.every, empty.every),
    at: text(schedule.at),
    event: text(schedule.solar?.event, empty.event),
    latitude: text(schedule.solar?.latitude),
    longitude: text(schedule.solar?.longitude),
    task: schedule.task,
    params: JSON.stringify(schedule.params ?? {}, null, 2),
    queue: text(schedule.queue),
    priority: text(schedule.priority),
    expires: text(schedule.expires),
    jitter: schedule.jitter === "0ms" ? "" : text(schedule.jitter),
    misfire: oneOf(["skip", "one", "all"], schedule.misfire, empty.misfire),
    misfireGrace: text(schedule.misfireGrace, empty.misfireGrace),
    misfireCap: text(schedule.misfireCap, empty.misfireCap),
    overlap: oneOf(["allow", "skip", "queue"], schedule.overlap, empty.overlap),
    startAt: text(schedule.startAt),
    endAt: text(schedule.endAt),
    oneOff: schedule.oneOff === true,
  };
}

/** The part that says when, as the API takes it; numbers that are none are left for it to refuse. */
export function timingOf(draft: Draft): Timing {
  switch (draft.kind) {
    case "cron":
      return { cron: draft.cron, days: draft.days };
    case "every":
      return { every: draft.every.trim() };
    case "at":
      return { at: draft.at };
    case "solar": {
      const { event, latitude, longitude } = draft;
      return { solar: { event, latitude: numberOf(latitude), longitude: numberOf(longitude) } };
    }
  }
}

/** All of it, as `POST /schedules` takes it. @throws SyntaxError where the parameters are not JSON. */
export function bodyOf(draft: Draft): Readonly<Record<string, unknown>> {
  const or = <Other>(text: string, other: Other) => (text.trim() === "" ? other : text.trim());
  return {
    ...timingOf(draft),
    name: draft.name.trim(),
    description: draft.description,
    timezone: draft.timezone.trim(),
    task: draft.task.trim(),
    params: JSON.parse(or(draft.params, "{}")) as unknown,
    queue: or(draft.queue, null),
    priority: draft.priority === "" ? null : numberOf(draft.priority),
    expires: or(draft.expires, null),
    jitter: or(draft.jitter, "0s"),
    misfire: draft.misfire,
    misfireGrace: or(draft.misfireGrace, "1m"),
    misfireCap: numberOf(or(draft.misfireCap, "100")),
    overlap: draft.overlap,
    startAt: or(draft.startAt, null),
    endAt: or(draft.endAt, null),
    oneOff: draft.oneOff,
  };
}

/** What differs, as `PATCH` takes it: the parts of a timing belong together. @throws SyntaxError as `bodyOf`. */
export function changesOf(before: Draft, after: Draft): Readonly<Record<string, unknown>> {
  const old = bodyOf(before);
  const { name: _name, ...wanted } = bodyOf(after);
  const changed = Object.fromEntries(
    Object.entries(wanted).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(old[field])),
  );
  const isOtherTiming = Object.keys(timingOf(after)).some((field) => field in changed);
  return isOtherTiming ? { ...changed, ...timingOf(after) } : changed;
}

function numberOf(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}

function oneOf<Value extends string>(known: readonly Value[], given: string, instead: Value): Value {
  return known.find((value) => value === given) ?? instead;
}
