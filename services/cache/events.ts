// What the cache service tells. Keys, never values; `from` is the node that tells.
import { z } from "zod";
import { defineEvent } from "../../runtime/index.ts";

const where = { cache: z.string(), version: z.int().optional(), from: z.string() };

export const cacheBroadcasts = {
  invalidated: defineEvent({
    event: "cache.invalidated",
    meaning: "Keys are no longer what they were: those named, those that fit a glob, those that carry a tag, or all.",
    payload: z.strictObject({
      ...where,
      keys: z.array(z.string()).readonly().optional(),
      pattern: z.string().optional(),
      tags: z.array(z.string()).readonly().optional(),
      all: z.literal(true).optional(),
    }),
  }),
  filled: defineEvent({
    event: "cache.filled",
    meaning: "A computed value was stored, or its computation given up.",
    payload: z.strictObject({ ...where, key: z.string() }),
  }),
  command: defineEvent({
    event: "cache.command",
    meaning: "A command was run; told only while somebody watches (`apium cache monitor`).",
    payload: z.strictObject({
      ...{ at: z.iso.datetime(), cache: z.string(), action: z.string(), key: z.string().nullable() },
      ...{ outcome: z.enum(["hit", "miss", "done"]), ms: z.number(), caller: z.string().nullable(), from: z.string() },
    }),
  }),
};
