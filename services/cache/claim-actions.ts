// What only one may have at a time: the right to compute a key's value (a lease), and locks.
import { ApiumError } from "../../runtime/index.ts";
import { BY_KEY, BY_NAME, commandsAt, type Desk, decoded } from "./command.ts";
import { PARAMS } from "./params.ts";

export function claimActions(desk: Desk) {
  const command = commandsAt(desk);
  return {
    lease: command(
      "lease",
      PARAMS.lease,
      async ({ key, staleFor, leaseFor }, place) => {
        const lease = await place.store.lease(place.full(key), staleFor, leaseFor);
        place.read(lease.state === "hit" || lease.state === "stale");
        switch (lease.state) {
          case "hit":
            return { state: "hit", value: decoded(lease.text) };
          case "stale":
            return { state: "stale", value: decoded(lease.text), ...(lease.token ? { lease: lease.token } : {}) };
          case "granted":
            return { state: "granted", lease: lease.token };
          case "busy":
            return { state: "busy", retryInMs: lease.retryInMs };
        }
      },
      BY_KEY,
    ),
    fill: command(
      "fill",
      PARAMS.fill,
      async ({ key, value: text, lease, ttl, staleFor, tags }, place) => {
        const stored = await place.store.fill({ key: place.full(key), text }, lease, place.kept(ttl, tags, staleFor));
        if (stored) place.wrote(1);
        place.filled(key);
        return { stored };
      },
      BY_KEY,
    ),
    release: command(
      "release",
      PARAMS.release,
      async ({ key, lease }, place) => {
        await place.store.release(place.full(key), lease);
        place.filled(key);
        return { released: true };
      },
      BY_KEY,
    ),
    lock: command(
      "lock",
      PARAMS.lock,
      async ({ name, ttl }, place) => {
        const token = await place.store.lock(place.lockKey(name), ttl);
        if (token === null) throw new ApiumError("CACHE_LOCKED", `somebody else holds the lock "${name}"`);
        return { token };
      },
      BY_NAME,
    ),
    renewLock: command(
      "renewLock",
      PARAMS.renewLock,
      async ({ name, token, ttl }, place) => ({
        renewed: await place.store.renewLock(place.lockKey(name), token, ttl),
      }),
      BY_NAME,
    ),
    unlock: command(
      "unlock",
      PARAMS.unlock,
      async ({ name, token }, place) => ({ unlocked: await place.store.unlock(place.lockKey(name), token) }),
      BY_NAME,
    ),
  };
}
