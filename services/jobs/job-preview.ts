// The next occurrences of a definition as they will be generated, in UTC and as the site's clocks show them. Pure.
import { nextCron, zoneNamed } from "../../runtime/index.ts";
import { offsetMinutes } from "../fields.ts";
import type { Cron } from "./job-rules.ts";
import { type Window, windowOf } from "./occurrences.ts";

const MINUTE_MS = 60_000;

export interface PreviewedJob {
  readonly cron: Cron | null;
  readonly zone: string;
  readonly validFrom: number;
  readonly validTo: number;
  /** Minutes. */
  readonly graceTime: number;
  readonly planDuration: number;
  readonly expiryTime: number;
}

export interface Moments {
  readonly scheduledAt: string;
  readonly planAt: string;
  readonly expiryAt: string;
}

export interface PreviewedOccurrence extends Moments {
  readonly local: Moments;
}

/** At most `n` after `from`, within the validity. A tour's end depends on its checkpoints and may be later. */
export function previewOccurrences(job: PreviewedJob, from: number, n: number): PreviewedOccurrence[] {
  const { cron, zone, validFrom, validTo } = job;
  if (cron === null) return [];
  const occurrences: PreviewedOccurrence[] = [];
  let slot = nextCron(cron, zoneNamed(zone), Math.max(from, validFrom - 1));
  while (slot !== undefined && slot < validTo && occurrences.length < n) {
    const window = windowOf(slot, job);
    occurrences.push({
      ...momentsOf(window, (instant) => new Date(instant).toISOString()),
      local: momentsOf(window, (instant) => localIso(instant, zone)),
    });
    slot = nextCron(cron, zoneNamed(zone), slot);
  }
  return occurrences;
}

/** An instant as a zone's clocks show it, with their offset: `2026-01-05T12:00:00+05:30`. */
export function localIso(instant: number, zone: string): string {
  const offset = offsetMinutes(zone, instant);
  const local = new Date(instant + offset * MINUTE_MS).toISOString().slice(0, 19);
  const size = Math.abs(offset);
  const [hours, minutes] = [Math.floor(size / 60), size % 60].map((part) => String(part).padStart(2, "0"));
  return `${local}${offset < 0 ? "-" : "+"}${hours}:${minutes}`;
}

function momentsOf({ scheduledAt, planAt, expiryAt }: Window, write: (instant: number) => string): Moments {
  return { scheduledAt: write(scheduledAt), planAt: write(planAt), expiryAt: write(expiryAt) };
}
