// An answer that is waited for only so long: somebody who looks whether a server is there must not hang with it.
import type { Clock } from "./clock.ts";

/**
 * What `ask` comes to, unless that takes longer; it goes on then, and nobody hears of it.
 * @throws Error that says for how long there was no answer; whatever `ask` rejects with in time.
 */
export async function within<Answer>(
  clock: Pick<Clock, "after">,
  limitMs: number,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const cancel = clock.after(limitMs, () => reject(new Error(`no answer within ${limitMs / 1_000} s`)));
  const answer = ask();
  answer.catch(() => {});
  try {
    return await Promise.race([answer, over]);
  } finally {
    cancel();
  }
}
