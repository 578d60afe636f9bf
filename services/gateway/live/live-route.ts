// GET /events: server-sent events for operators of the whole system. A watcher whose network is slower than what happens is
// let go, and comes back with the id of what it had last. Who may not watch any more is let go within a minute.
import { ApiumError } from "../../../runtime/index.ts";
import type { Access } from "../access.ts";
import { OUTSIDE_PATHS } from "../outside-paths.ts";
import type { Request, Response } from "../request.ts";
import type { RestRoute } from "../rest-route.ts";
import type { LiveFeed, LiveMessage } from "./live-feed.ts";

const MOST_WATCHERS = 200;
const HEARTBEAT_MS = 15_000;
const CHECK_EVERY_MS = 60_000;
/** Not taken by the network yet. */
const MOST_WAITING_BYTES = 1_000_000;
const RETRY_MS = 2_000;

/** As one of the table: operators' only, since it tells of everybody's tasks. */
const ROUTE: RestRoute = { ...OUTSIDE_PATHS["GET /events"], method: "GET", path: "/events", action: "" };

export class LiveRoute {
  readonly #access: Access;
  readonly #feed: LiveFeed;
  readonly #open = new Set<() => void>();

  constructor(access: Access, feed: LiveFeed) {
    this.#access = access;
    this.#feed = feed;
  }

  /** @throws ApiumError `UNAUTHENTICATED`, `FORBIDDEN`, `SERVICE_UNAVAILABLE` when too many watch. */
  async answer(request: Request, response: Response): Promise<void> {
    await this.#admit(request);
    // Whoever left meanwhile has said so already, and would never give the place back.
    if (response.destroyed) return;
    if (this.#feed.watchers >= MOST_WATCHERS) throw new ApiumError("SERVICE_UNAVAILABLE", "too many watch already");
    response.writeHead(200, {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-store",
      Connection: "keep-alive",
      // For nginx: it would gather the answer.
      "X-Accel-Buffering": "no",
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
    const unwatch = this.#feed.watch((message) => send(response, message), lastIdOf(request));
    const heartbeat = setInterval(() => response.write("event: ping\ndata: {}\n\n"), HEARTBEAT_MS);
    const check = setInterval(() => {
      this.#admit(request).catch(() => end());
    }, CHECK_EVERY_MS);
    const end = () => {
      clearInterval(heartbeat);
      clearInterval(check);
      unwatch();
      this.#open.delete(end);
      response.end();
    };
    this.#open.add(end);
    response.on("close", end);
  }

  /** For a stop. */
  close(): void {
    for (const end of [...this.#open]) end();
    this.#feed.close();
  }

  async #admit(request: Request): Promise<void> {
    this.#access.allow(await this.#access.identify(request), ROUTE);
  }
}

function send(response: Response, { id, event, data }: LiveMessage): void {
  if (response.writableLength > MOST_WAITING_BYTES) response.destroy();
  else response.write(`id: ${id}\nevent: ${event}\ndata: ${data}\n\n`);
}

/** Browsers send the header by themselves; the query is for a first connection that knows where it was. */
function lastIdOf(request: Request): string | undefined {
  const header = request.headers["last-event-id"];
  const { lastEventId } = request.query;
  if (typeof header === "string") return header;
  return typeof lastEventId === "string" ? lastEventId : undefined;
}
