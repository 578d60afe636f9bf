// Instants as they come from outside: ISO 8601 with an offset, in years that every part of the system can read.
import { z } from "zod";

const EARLIEST = Date.UTC(1900, 0, 1);
const LATEST = Date.UTC(10_000, 0, 1);

/** An instant as ISO 8601 text with `Z` or an offset, or as a Date; its output is a Date. */
export const instantSchema = z
  .union([
    z.iso.datetime({ offset: true, message: "must be an ISO 8601 instant such as 2026-12-24T18:00:00Z" }),
    z.date(),
  ])
  .transform((value) => new Date(value))
  .refine((value) => value.getTime() >= EARLIEST && value.getTime() < LATEST, "must lie in the years 1900 to 9999");
