// What the actions of the cache take, checked at the door. Bounds keep one caller from hurting all.
import { z } from "zod";
import { durationMs } from "../../runtime/index.ts";

const MOST_KEY_BYTES = 512;
const MOST_KEYS = 1_000;
const MOST_VALUE_BYTES = 1_048_576;

const key = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= MOST_KEY_BYTES, `is longer than ${MOST_KEY_BYTES} bytes`)
  .refine((text) => !/\p{Cc}/u.test(text), "must not contain control characters");
const version = z.coerce.number().int().min(0).max(1_000_000_000).default(1);
const cache = z.string().default("default");
const duration = z.union([z.number(), z.string()]).transform((value, ctx) => {
  try {
    return durationMs(value);
  } catch (error) {
    ctx.addIssue({ code: "custom", message: (error as Error).message });
    return z.NEVER;
  }
});
/** As django: null for ever, 0 deletes; left out: the cache's own. */
const ttl = duration.nullable();
const tag = z.string().min(1).max(200);
const tags = z.array(tag).max(50).default([]);
const keys = z.array(key).max(MOST_KEYS);
/** JSON text of a value. Written before it is looked at: a schema's walk through a large value takes forty times as long. */
const value = z.unknown().transform((given, ctx) => {
  const text = jsonOf(given);
  if (text === undefined) ctx.addIssue({ code: "custom", message: "must be a value that JSON can hold" });
  else if (Buffer.byteLength(text) <= MOST_VALUE_BYTES) return text;
  else ctx.addIssue({ code: "custom", message: `is larger than ${MOST_VALUE_BYTES / 1_048_576} MB of JSON` });
  return z.NEVER;
});
const values = z
  .record(key, value)
  .refine((given) => Object.keys(given).length <= MOST_KEYS, `has more than ${MOST_KEYS} keys`);
const where = { cache, version };
const pattern = z.string().min(1).max(MOST_KEY_BYTES);
/** Count what would be deleted, and do nothing. */
const dryRun = z.boolean().optional();
const by = z.coerce.number().int().default(1);
const leaseFor = duration.pipe(z.number().min(10).max(600_000)).default(10_000);
const staleFor = duration.default(0);
const token = z.string().max(200);
const name = z.string().min(1).max(200);
const lockTtl = duration.pipe(z.number().min(100).max(3_600_000)).default(30_000);

export const PARAMS = {
  key: z.strictObject({ ...where, key }),
  keys: z.strictObject({ ...where, keys }),
  set: z.strictObject({
    ...where,
    key,
    value,
    ttl: ttl.optional(),
    nx: z.boolean().optional(),
    xx: z.boolean().optional(),
    tags,
  }),
  setMany: z.strictObject({ ...where, values, ttl: ttl.optional(), tags }),
  pattern: z.strictObject({ ...where, pattern, dryRun }),
  tags: z.strictObject({ ...where, tags: z.array(tag).min(1).max(200), dryRun }),
  add: z.strictObject({ ...where, key, by }),
  expire: z.strictObject({ ...where, key, ttl }),
  scan: z.strictObject({
    ...where,
    pattern: pattern.default("*"),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
    cursor: z.string().max(1_000).optional(),
  }),
  cache: z.strictObject({ ...where, dryRun }),
  lease: z.strictObject({ ...where, key, staleFor, leaseFor }),
  fill: z.strictObject({ ...where, key, value, lease: token, ttl: ttl.optional(), staleFor, tags }),
  release: z.strictObject({ ...where, key, lease: token }),
  lock: z.strictObject({ ...where, name, ttl: lockTtl }),
  renewLock: z.strictObject({ ...where, name, token, ttl: lockTtl }),
  unlock: z.strictObject({ ...where, name, token }),
  monitor: z.strictObject({
    cache: z.string().optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  }),
  watch: z.strictObject({ seconds: z.coerce.number().min(0).max(600).default(60) }),
};

/** Undefined for what has no JSON: functions, big integers, circles, and what is nested too deep to be walked. */
function jsonOf(given: unknown): string | undefined {
  try {
    return JSON.stringify(given);
  } catch {
    return undefined;
  }
}
