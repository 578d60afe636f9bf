// Server-sent events of a running system, one after the other. A connection that is lost is made again with the id of what
// came last, so that nothing the gateway still keeps is missed; what it no longer keeps comes as the event `reset`.
import { setTimeout as sleep } from "node:timers/promises";
import { CliError, EXIT, type Target } from "./client.ts";

const RETRY_MS = 2_000;

export interface StreamedEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/**
 * Ends when `signal` aborts.
 * @throws CliError when the first connection cannot be made, or the system refuses.
 */
export async function* eventsOf(
  target: Target,
  { lastId, signal }: { readonly lastId?: string | undefined; readonly signal: AbortSignal },
): AsyncGenerator<StreamedEvent> {
  let last = lastId;
  for (let hasWatched = false; !signal.aborted; ) {
    try {
      const response = await connection(target, last, signal);
      hasWatched = true;
      for await (const event of events(response)) {
        last = event.id;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!hasWatched || (error instanceof CliError && error.exitCode === EXIT.refused)) throw error;
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
  }
}

async function connection(
  { url, token }: Target,
  lastId: string | undefined,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const response = await fetch(`${url}/events`, {
    headers: { Authorization: `Bearer ${token}`, ...(lastId === undefined ? {} : { "Last-Event-ID": lastId }) },
    signal,
  }).catch((error: unknown) => {
    throw new CliError(EXIT.unreachable, "UNREACHABLE", `no answer from ${url} (${(error as Error).message})`);
  });
  if (!response.ok || response.body === null) {
    throw new CliError(EXIT.refused, `HTTP_${response.status}`, `the system refused: ${response.status}`);
  }
  return response.body;
}

async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamedEvent> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    const chunk = decoder.decode(bytes, { stream: true });
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parsed(block);
      if (event !== undefined) yield event;
    }
  }
}

/** `undefined` for comments and the like. */
function parsed(block: string): StreamedEvent | undefined {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
  const [id, event, data] = [field("id"), field("event"), field("data")];
  return id === undefined || event === undefined || data === undefined
    ? undefined
    : { id, event, data: JSON.parse(data) };
}
