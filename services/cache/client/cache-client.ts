// The cache as one process uses it: the named caches, the listener that keeps them honest, and what they have counted.
import type { ServiceBroker, ServiceSchema } from "moleculer";
import { type Clock, type Duration, durationMs, type Log, type Random } from "../../../runtime/index.ts";
import type { Cache, CacheName } from "./cache.ts";
import { cacheEvents } from "./cache-events.ts";
import { type ClientCounts, newCounts } from "./counts.ts";
import { NamedCache } from "./named-cache.ts";
import { Postponed } from "./postponed.ts";
import { Reach } from "./reach.ts";
import { Remember } from "./remember.ts";
import { EVERYTHING } from "./untrue.ts";

const TIMEOUT: Duration = "500ms";
const FIRST_LEVEL_ENTRIES = 1_000;
/** Moleculer tells the other nodes a second late what a node has subscribed to; until then they send it no broadcast. */
const HEARD_OF_AFTER_MS = 2_000;

/** `runtime.parts` fits. */
export interface CacheClientParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The longest any call of the service may take. Default 500ms. */
  readonly timeout?: Duration | undefined;
  /** How many values each named cache may keep in this process for `remember`'s first level. Default 1000. */
  readonly firstLevelEntries?: number | undefined;
}

export interface CacheClient {
  /** The same object for the same name and version (default 1). */
  named(name: CacheName, version?: number): Cache;
  /** To be created on the broker, once, before it starts. Without it other processes' invalidations are not heard. */
  readonly events: ServiceSchema;
  stats(): Readonly<ClientCounts>;
}

export function cacheClient(broker: ServiceBroker, parts: CacheClientParts): CacheClient {
  const counts = newCounts();
  const { clock, log } = parts;
  const stopping = new AbortController();
  const reach = new Reach(broker, { clock, log, counts, timeoutMs: durationMs(parts.timeout ?? TIMEOUT) });
  const postponed = new Postponed({ reach, clock, log, counts });
  let deafUntil = broker.options.transporter ? Number.POSITIVE_INFINITY : 0;
  const isDeaf = () => clock.monotonic() < deafUntil;
  const caches = new Map<string, { readonly cache: Cache; readonly remember: Remember }>();

  const named = (name: CacheName, version = 1): Cache => {
    const id = `${name}:${version}`;
    const known = caches.get(id);
    if (known !== undefined) return known.cache;
    const shared = { reach, clock, random: parts.random, counts, scope: { cache: name, version } };
    const entries = parts.firstLevelEntries ?? FIRST_LEVEL_ENTRIES;
    const remember = new Remember({ ...shared, log, stopping: stopping.signal }, { entries, isDeaf });
    const cache = new NamedCache({ ...shared, name, version, remember, postponed, named });
    caches.set(id, { cache, remember });
    return cache;
  };
  const told = (name: string, version: number | undefined) =>
    [...caches.values()].filter(
      ({ cache }) => cache.name === name && (version === undefined || cache.version === version),
    );

  return {
    named,
    events: cacheEvents({
      forget(name, version, untrue) {
        for (const { remember } of told(name, version)) remember.forget(untrue, "service");
      },
      filled(name, version, key) {
        for (const { remember } of told(name, version)) remember.filled(key);
      },
      forgetEverything() {
        for (const { remember } of caches.values()) remember.forget(EVERYTHING, "service");
      },
      deafen() {
        deafUntil = Number.POSITIVE_INFINITY;
      },
      listen() {
        deafUntil = broker.options.transporter ? clock.monotonic() + HEARD_OF_AFTER_MS : 0;
      },
      stop() {
        stopping.abort();
        postponed.stop();
      },
    }),
    stats: () => ({ ...counts }),
  };
}
