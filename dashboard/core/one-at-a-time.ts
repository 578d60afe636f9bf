// Work that is asked for while it is under way: what runs goes on to its end, and for all who asked meanwhile it runs once more.
// Ending what runs to begin anew would never end under a slow system.

/** @param work - settles its own failures: it must not reject. */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const run = () => {
    running = work().finally(() => {
      running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return run();
    next ??= running.then(() => {
      next = undefined;
      return run();
    });
    return next;
  };
}
