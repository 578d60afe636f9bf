// How the gateway's server closes without failing anybody. It is told twice: first that the process will leave, then that
// it may. In between everything is answered as ever, but `/readyz` says 503 and each answer ends its connection, so that
// proxies turn elsewhere and hold no idle connection on which a request could meet the close. Then it takes no new
// connection, finishes what it has, and cuts off what takes too long.
import type { Server, ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";

/** Requests that take longer than this after the door was closed are cut off. */
const CUT_OFF_MS = 10_000;
const LOOK_FOR_IDLE_MS = 50;
const MOST_TURNS = 100;

export interface DoorParts {
  /** How long it goes on answering after `announce`: longer than proxies keep idle connections or trust an answer. */
  readonly graceMs: number;
  readonly monotonic: () => number;
  /** Ends answers that would never end by themselves. Called when nothing new can come in. */
  readonly endStreams: () => void;
}

export class Door {
  readonly #parts: DoorParts;
  #toldAt: number | undefined;
  #server: Server | undefined;

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  open(server: Server): void {
    this.#server = server;
  }

  get isLeaving(): boolean {
    return this.#toldAt !== undefined;
  }

  /** Before an answer is begun. */
  prepare(response: ServerResponse): void {
    if (this.isLeaving) response.setHeader("Connection", "close");
  }

  announce(): void {
    this.#toldAt ??= this.#parts.monotonic();
  }

  /** Waits for the rest of the grace, then closes; resolves when the last connection has ended. */
  async finish(): Promise<void> {
    this.announce();
    const { graceMs, monotonic } = this.#parts;
    const restMs = (this.#toldAt ?? 0) + graceMs - monotonic();
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    await this.#close();
  }

  async #close(): Promise<void> {
    const server = this.#server;
    if (server?.listening !== true) return this.#parts.endStreams();
    await allAccepted(server);
    const closed = new Promise<void>((resolve) => server.once("close", resolve));
    server.close();
    this.#parts.endStreams();
    // Connections end as they fall idle, since clients would keep them open, and at last those that never do.
    const idle = setInterval(() => server.closeIdleConnections(), LOOK_FOR_IDLE_MS);
    const late = setTimeout(() => server.closeAllConnections(), CUT_OFF_MS);
    await closed;
    clearInterval(idle);
    clearTimeout(late);
  }
}

/**
 * Resolves in a turn of the event loop that has found nobody waiting to be let in: whoever waits when listening ends is
 * reset by the system, with the request it may have sent already.
 */
async function allAccepted(server: Server): Promise<void> {
  let accepted = 0;
  const count = () => {
    accepted += 1;
  };
  server.on("connection", count);
  for (let turn = 0, before = -1; turn < MOST_TURNS && accepted !== before; turn += 1) {
    before = accepted;
    await nextTurn();
  }
  server.off("connection", count);
}
