// Whether the server of the caches answers this process. It is asked now, because without traffic nobody would have noticed;
// and something that our user may ask everywhere: a refusal would pass for an outage, and have the cache bypassed.
import type { Clock, Finding } from "../../runtime/index.ts";
import { answerWithin, messageOf } from "../../runtime/index.ts";
import { PROBE } from "./resilient-store.ts";
import type { CacheStore } from "./store.ts";

/** A command takes 250 ms at most. */
const LIMIT_MS = 2_000;

/** One finding at most: it is one server. None for caches in this process's memory. */
export async function checkStores(
  stores: ReadonlyMap<string, CacheStore>,
  clock: Pick<Clock, "after">,
): Promise<Finding[]> {
  const failures = await Promise.all(
    [...stores].map(async ([name, store]) => {
      if (store.kind === "memory") return [];
      const failure = await failureOf(store, clock);
      return failure === undefined ? [] : [{ name, failure }];
    }),
  );
  const bypassed = failures.flat();
  const [first] = bypassed;
  if (first === undefined) return [];
  const caches = bypassed.map(({ name }) => name).join(", ");
  return [
    {
      severity: "warning",
      code: "REDIS_AWAY",
      subject: "Redis",
      message: `the caches ${caches} go on without their server: ${first.failure}; reads miss, writes are dropped, locks are refused`,
      suggestion: "bring Redis back, or correct REDIS_URL; tasks are unaffected, and nothing else is to be done",
    },
  ];
}

async function failureOf(store: CacheStore, clock: Pick<Clock, "after">): Promise<string | undefined> {
  try {
    await answerWithin(clock, LIMIT_MS, () => store.get([PROBE]));
    return store.isConnected ? undefined : (store.failure ?? "it does not answer");
  } catch (error) {
    return messageOf(error);
  }
}
