import { codeOf, type Log, messageOf } from "../runtime/index.ts";

/** How long a server that is down at the start is waited for. */
const WAIT_FOR_SERVERS_MS = 30_000;
const TRY_EVERY_MS = 1_000;

/** Tries until a server answers; gives up, with its last word, when it has been away for too long. */
export async function untilThere<Value>(what: string, log: Log, reach: () => Promise<Value>): Promise<Value> {
  for (const since = performance.now(); ; ) {
    try {
      return await reach();
    } catch (error) {
      const isAway = codeOf(error) === "STORE_UNAVAILABLE" || codeOf(error) === "QUEUE_UNAVAILABLE";
      if (!isAway || performance.now() - since > WAIT_FOR_SERVERS_MS) throw error;
      log.warn(`waiting for ${what}: ${messageOf(error)}`);
      await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
    }
  }
}
