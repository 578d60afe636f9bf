// A Redis client whose commands wait no longer than a limit. ioredis has such a limit of its own, but goes by one timer.
import { type Command, Redis, type RedisOptions } from "ioredis";
import { afterSilence, SystemClock } from "../../runtime/index.ts";

/** A server does not go by a test's clock. */
const clock = new SystemClock();

export class PunctualRedis extends Redis {
  readonly #limitMs: number;

  /** @param limitMs The longest a command may take, in milliseconds; a process that is itself busy adds what it was busy. */
  constructor(url: string, limitMs: number, options: RedisOptions) {
    super(url, options);
    this.#limitMs = limitMs;
  }

  /** Every command comes through here, the client's own greeting too. */
  override sendCommand(command: Command, stream?: Parameters<Redis["sendCommand"]>[1]): unknown {
    const answer = super.sendCommand(command, stream) as Promise<unknown>;
    const refuse = () => command.reject(new Error(`the server did not answer within ${this.#limitMs} ms`));
    const over = afterSilence(clock, this.#limitMs, refuse);
    answer.then(over, over);
    return answer;
  }
}
