// What the client of one process has done, for `/metrics` and for tests. Counters only grow.
export interface ClientCounts {
  /** `remember` answered from this process. */
  firstLevelHits: number;
  /** `remember` answered by the service with a fresh value. */
  hits: number;
  /** `remember` answered with a value past its ttl. */
  staleHits: number;
  /** `remember` joined a call for the same key that was already under way in this process. */
  joined: number;
  /** Times a `compute` ran, those of background refreshes included. */
  computed: number;
  /** Of these without a lease, because nobody granted one. */
  computedAlone: number;
  /** Computed values not kept because their key was invalidated meanwhile, or their lease had ended. */
  fillsRefused: number;
  refreshesFailed: number;
  /** Waits for a value that somebody else computed. */
  waits: number;
  /** Calls of the service that came to nothing: it was missing, late or broken. */
  unanswered: number;
  /** Of these not even tried, because the node had not answered just before. */
  spared: number;
  /** Writes nobody heard. */
  writesDropped: number;
  /** Invalidations nobody heard at first, which are sent again. */
  invalidationsPostponed: number;
  /** Invalidations given up because too many were waiting. */
  invalidationsLost: number;
}

export function newCounts(): ClientCounts {
  return {
    firstLevelHits: 0,
    hits: 0,
    staleHits: 0,
    joined: 0,
    computed: 0,
    computedAlone: 0,
    fillsRefused: 0,
    refreshesFailed: 0,
    waits: 0,
    unanswered: 0,
    spared: 0,
    writesDropped: 0,
    invalidationsPostponed: 0,
    invalidationsLost: 0,
  };
}
