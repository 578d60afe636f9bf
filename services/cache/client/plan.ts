// What one `remember` asks for: its options with their defaults, in milliseconds.
import { type Duration, durationMs } from "../../../runtime/index.ts";
import type { RememberOptions } from "./cache.ts";

const LEASE: Duration = "10s";
const JITTER = 0.1;

export interface Plan {
  readonly key: string;
  readonly ttlMs: number;
  readonly staleMs: number;
  readonly leaseMs: number;
  readonly firstLevelMs: number;
  readonly tags: readonly string[];
  readonly jitter: number;
  readonly isKept: (value: unknown) => boolean;
  readonly compute: (signal: AbortSignal) => unknown;
}

/** @throws ApiumError `DURATION_NOTATION`. */
export function planOf<Value>(
  key: string,
  options: RememberOptions<Value>,
  compute: (signal: AbortSignal) => Promise<Value> | Value,
): Plan {
  const { ttl, staleFor = 0, leaseFor = LEASE, firstLevel = 0, tags = [], jitter = JITTER, cacheIf } = options;
  return {
    key,
    ttlMs: durationMs(ttl),
    staleMs: durationMs(staleFor),
    leaseMs: durationMs(leaseFor),
    firstLevelMs: durationMs(firstLevel),
    tags,
    jitter,
    isKept: cacheIf === undefined ? () => true : (value) => cacheIf(value as Value),
    compute,
  };
}
