// Fields of the facility's requests: what they must look like, in words that help whoever sent them.
import { z } from "zod";
import { ApiumError, codeOf, instantSchema, messageOf, zoneNamed } from "../runtime/index.ts";

/** Ids come as numbers, and as digits in addresses; nothing else is taken for one. 1.5e15 keeps them exact. */
export const id = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d{1,16}$/)
        .transform(Number),
    ],
    "must be an id: a whole number from 1 on",
  )
  .pipe(z.number().int().positive().max(1_500_000_000_000_000));
export const instant = instantSchema;
/** Minutes. A month is more than any window of work. */
export const minutes = z.number().int().min(0).max(100_000);
export const code = z.string().regex(/^[A-Za-z0-9_.:/-]{1,50}$/, "has up to 50 letters, digits or _ . : / -");
export const latitude = z.number().min(-90).max(90);
export const longitude = z.number().min(-180).max(180);
export const PRIORITIES = ["LOW", "MEDIUM", "HIGH"] as const;
/** Sent by mobile clients: minutes east of UTC where the row was written; −1 is "not set". The site's zone counts. */
export const ctzoffset = z.number().int().min(-1_000).max(1_000);

/** Trimmed, not empty. NUL cannot be kept in PostgreSQL text. */
export function text(maxLength: number) {
  return z.string().trim().min(1).max(maxLength).refine(hasNoNul, "must not contain NUL");
}

/** Text that may be empty and keeps its spaces: answers, remarks. */
export function freeText(maxLength: number) {
  return z.string().max(maxLength).refine(hasNoNul, "must not contain NUL");
}

export const zone = z.string().superRefine((name, ctx) => {
  try {
    zoneNamed(name);
  } catch (error) {
    ctx.addIssue({ code: "custom", message: messageOf(error) });
  }
});

/** `true`, or "true" as an address says it. */
export const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")]);

/** JSON that stays small: preferences, details. */
export const json = z
  .record(z.string().max(200), z.json())
  .refine((value) => JSON.stringify(value).length <= 20_000, "must be at most 20 000 characters of JSON")
  .refine((value) => !JSON.stringify(value).includes("\\u0000"), "must not contain NUL");

/** Of lists: rows after this id, so many. */
export const page = { limit: z.coerce.number().int().min(1).max(500).default(100), cursor: id.optional() };

export interface Page<Item> {
  readonly items: Item[];
  /** For the next page; null on the last. */
  readonly nextCursor: string | null;
}

/** A page from rows of which one more than asked for was read. */
export function pageOf<Item extends { readonly id: number }>(rows: readonly Item[], limit: number): Page<Item> {
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.id) : null };
}

/** A request that is refused for one of its fields. */
export function refused(field: string, message: string): ApiumError {
  return new ApiumError("PARAMS_INVALID", message, { fields: [{ field, message }] });
}

export function notFound(noun: string, which: number | string): ApiumError {
  return new ApiumError("NOT_FOUND", `there is no ${noun} ${which}`);
}

/** A row that breaks a unique key is refused with `field` named; other errors pass. For use outside transactions. */
export async function refusingDuplicates<Result>(
  field: string,
  message: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === "23505") throw refused(field, message);
    throw error;
  }
}

/** Rows as JSON has them: instants as ISO text. (Dates of the drivers are not always this realm's `Date`.) */
export function plain<Row extends object>(row: Row): Row {
  const entries = Object.entries(row).map(([key, value]) => [key, isInstant(value) ? value.toISOString() : value]);
  return Object.fromEntries(entries) as Row;
}

/** Minutes east of UTC that a zone's clocks were at an instant. */
export function offsetMinutes(zoneName: string, at: number): number {
  return Math.round(zoneNamed(zoneName).at(at).offset / 60_000);
}

function isInstant(value: unknown): value is Date {
  return typeof value === "object" && value !== null && "toISOString" in value;
}

function hasNoNul(value: string): boolean {
  return !value.includes("\0");
}
