// Says whether the process of this container is well: for HEALTHCHECK and the like. It must have touched its file of late
// (ALIVE_FILE), and where it runs the gateway that must answer. Not asked is whether the database is there: nothing gets well
// by a process being started anew because of that; /readyz tells.
import { statSync } from "node:fs";

/** It is touched every 5 s; a long garbage collection is no death. */
const MOST_SILENT_MS = 30_000;
const ANSWER_MS = 2_500;

const { PORT = "3000", SERVICES, ALIVE_FILE } = process.env;
const problem = lifeProblem() ?? (await gatewayProblem());
if (problem !== undefined) {
  console.error(problem);
  process.exitCode = 1;
}

function lifeProblem() {
  if (!ALIVE_FILE) return undefined;
  const touched = statSync(ALIVE_FILE, { throwIfNoEntry: false })?.mtimeMs;
  if (touched === undefined) return "not ready yet";
  const silentMs = Date.now() - touched;
  return silentMs > MOST_SILENT_MS ? `no sign of life for ${Math.round(silentMs / 1_000)} s` : undefined;
}

async function gatewayProblem() {
  const hasGateway = !SERVICES || SERVICES.split(",").some((name) => name.trim() === "gateway");
  if (!hasGateway) return undefined;
  try {
    const { status } = await fetch(`http://127.0.0.1:${PORT}/healthz`, { signal: AbortSignal.timeout(ANSWER_MS) });
    return status === 200 ? undefined : `the gateway answers ${status}`;
  } catch (error) {
    return `the gateway does not answer: ${error.cause?.message ?? error.message}`;
  }
}
