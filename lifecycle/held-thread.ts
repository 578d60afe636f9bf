// The main thread, held where it hangs by another thread: the inspector's protocol interrupts a loop and a wait alike.
import { type Debugger, Session } from "node:inspector/promises";
import { setTimeout as sleep } from "node:timers/promises";

const ANSWER_MS = 5_000;

export interface HeldThread {
  /** Lines like those of an error's stack: names and places, no values. */
  readonly stack: string;
  /** Lets it end its process with this code. */
  exit(code: number): void;
}

/** `undefined` when it cannot be interrupted: it is inside native code. */
export async function holdMainThread(): Promise<HeldThread | undefined> {
  const session = new Session();
  session.connectToMainThread();
  // The timer also keeps this thread: an answer that is waited for does not.
  const frames = await Promise.race([pause(session), sleep(ANSWER_MS)]);
  if (frames === undefined) return undefined;
  return {
    stack: frames.map(({ name, place }) => `\n    at ${name} (${place})`).join(""),
    exit: (code) => void session.post("Runtime.evaluate", { expression: `process.exit(${code})` }).catch(() => {}),
  };
}

interface Frame {
  readonly name: string;
  readonly place: string;
}

async function pause(session: Session): Promise<Frame[]> {
  const files = new Map<string, string>();
  session.on("Debugger.scriptParsed", ({ params }) => void files.set(params.scriptId, params.url));
  const paused = new Promise<Debugger.PausedEventDataType>((resolve) => {
    session.once("Debugger.paused", ({ params }) => resolve(params));
  });
  await session.post("Debugger.enable");
  await session.post("Debugger.pause");
  const { callFrames } = await paused;
  return callFrames.map(({ functionName, location }) => ({
    name: functionName || "<anonymous>",
    place: [files.get(location.scriptId), location.lineNumber + 1, (location.columnNumber ?? 0) + 1].join(":"),
  }));
}
