// An answer that is waited for only so long: somebody who looks whether a server is there must not hang with it.
import { afterSilence } from "./after-silence.ts";
import type { Clock } from "./clock.ts";

/** Nobody knows more than that: whoever was asked may be away, or too busy. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}

/**
 * What `ask` comes to, unless that takes longer; it goes on then, and nobody hears of it. What this process is itself busy
 * meanwhile does not count.
 * @throws NoAnswerError that says for how long there was no answer; whatever `ask` rejects with in time.
 */
export function answerWithin<Answer>(
  clock: Pick<Clock, "after">,
  limitMs: number,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new NoAnswerError(`no answer within ${limitMs / 1_000} s: it is away, or too busy`));
    const cancel = afterSilence(clock, limitMs, giveUp);
    (async () => ask())().then(resolve, reject).finally(cancel);
  });
}
