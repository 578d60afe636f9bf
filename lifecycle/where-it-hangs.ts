// The stack of the main thread, asked for by another thread while the main thread does not answer.
import { type Debugger, Session } from "node:inspector/promises";
import { setTimeout as sleep } from "node:timers/promises";

const ANSWER_MS = 5_000;

/** Lines like those of an error's stack; where the main thread is inside native code, that there is none. */
export async function whereItHangs(): Promise<string> {
  const session = new Session();
  try {
    session.connectToMainThread();
    // The timer also keeps this thread: an answer that is waited for does not.
    const frames = await Promise.race([pause(session), sleep(ANSWER_MS)]);
    return frames === undefined ? "\n    (in native code: there is no stack)" : frames.map(line).join("");
  } finally {
    session.disconnect();
  }
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

function line({ name, place }: Frame): string {
  return `\n    at ${name} (${place})`;
}
