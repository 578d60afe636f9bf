// A Redis client whose commands wait no longer than a limit. ioredis has such a limit of its own, but goes by the timer
// alone: in a process that was busy for longer the timer is due before the command has left or the socket is read, and
// answers that had arrived were taken for an outage. Here the limit is two waits, so that after the first, however late
// it ended, there is half of it left for a command to leave and be answered; and a due timer lets the socket be read.
import { type Command, Redis, type RedisOptions } from "ioredis";

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
    const half = this.#limitMs / 2;
    const refuse = () => command.reject(new Error(`the server did not answer within ${this.#limitMs} ms`));
    let waiting = setTimeout(() => {
      // Timers, then sockets, then immediates: the order of a turn of Node's event loop.
      waiting = setTimeout(() => setImmediate(refuse), half);
    }, half);
    const over = () => clearTimeout(waiting);
    answer.then(over, over);
    return answer;
  }
}
