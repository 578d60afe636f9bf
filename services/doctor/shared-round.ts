// One round for all who ask at once, and for those who ask shortly after: each round asks every process and every server, and
// several pages of the doctor may be open.
import type { Clock } from "../../runtime/index.ts";

const KEPT_MS = 3_000;

/** @returns what `go` came to: begun now, still under way, or ended in the last three seconds. A failure is not kept. */
export function shareRounds<Round>(clock: Pick<Clock, "monotonic">, go: () => Promise<Round>): () => Promise<Round> {
  let underWay: Promise<Round> | undefined;
  let latest: { readonly round: Round; readonly until: number } | undefined;
  const begin = async () => {
    const round = await go();
    latest = { round, until: clock.monotonic() + KEPT_MS };
    return round;
  };
  return async () => {
    if (latest !== undefined && clock.monotonic() < latest.until) return latest.round;
    underWay ??= begin().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
