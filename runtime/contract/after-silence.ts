// A limit on waiting for somebody else's answer, in a process that may be busy itself. One timer does not tell the two
// apart: after a stall it is due before the question has left or the socket is read, and answers that had arrived were
// taken for an outage. So the limit is two waits: after the first, however late it ended, half of it is left for the
// question to leave and be answered; and when the second is over, what lies in the sockets is read first.
import type { Clock } from "./clock.ts";

/** Calls `run` after `limitMs`, to which a process that is itself busy adds what it was busy; not once it is cancelled. */
export function afterSilence(clock: Pick<Clock, "after">, limitMs: number, run: () => void): () => void {
  let isCancelled = false;
  const atLast = () => {
    if (!isCancelled) run();
  };
  // Timers, then sockets, then immediates: the order of a turn of Node's event loop.
  let cancel = clock.after(limitMs / 2, () => {
    cancel = clock.after(limitMs / 2, () => setImmediate(atLast));
  });
  return () => {
    isCancelled = true;
    cancel();
  };
}
