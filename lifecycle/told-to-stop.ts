// SIGTERM and SIGINT, heard before anything else is loaded: the first process of a container is not ended by a signal that nobody
// listens to, so one that is stopped while it starts would be left to be killed when its grace is over.

/** Until there is an order to stop in, nothing is under way that an end could harm: what is migrated is in a transaction. */
let stop: () => void = () => process.exit(0);

/** From now on this is what the process does each time it is told. */
export function whenToldToStop(what: () => void): void {
  stop = what;
}

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop());
