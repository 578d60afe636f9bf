// What a worker and its isolated processes say to each other over Node's channel. Every message carries the number of
// the run it belongs to, so that the leftovers of one run are never taken for the next one's. Whoever reads takes
// nothing else for granted: a handler's libraries may use the channel too.
import type { Ending, Report, SentCall } from "./cells.ts";
import type { AbortReason } from "./isolation.ts";

export type ToProcess =
  | { readonly kind: "run"; readonly run: number; readonly call: SentCall }
  | { readonly kind: "abort"; readonly run: number; readonly reason: AbortReason };

export type FromProcess =
  | { readonly kind: "report"; readonly run: number; readonly report: Report }
  | { readonly kind: "ended"; readonly run: number; readonly ending: Ending };
