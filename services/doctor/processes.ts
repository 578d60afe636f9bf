// Who does not answer although it lives, and who runs another version than the rest. Pure.
import type { Finding, WorkerView } from "../../runtime/index.ts";
import { type Answer, PROCESS, type Rounds } from "./ask-processes.ts";

/** A worker's row is renewed every 2 s; one that is older belongs to a process that is gone, and is rescued. */
const RENEWED_WITHIN_MS = 7_000;

export function checkHearing(
  { answers, older }: Rounds,
  workers: readonly Pick<WorkerView, "id" | "host" | "pid" | "state" | "heartbeatAt">[],
  now: number,
): Finding[] {
  const byNode = [...Map.groupBy(answers, ({ node }) => node)];
  const silent = byNode.filter(([, of]) => of.every(isSilent)).map(([node]) => node);
  const others = byNode.filter(([node]) => !silent.includes(node)).flatMap(([, of]) => of);
  // Where no process can be asked about itself, nobody is missed.
  const isAsked = answers.some(({ action }) => action === PROCESS);
  const heard = answers.map(({ worker }) => worker);
  const missing = workers.filter(
    ({ id, host, pid, state, heartbeatAt }) =>
      isAsked &&
      state !== "lost" &&
      now - Date.parse(heartbeatAt) < RENEWED_WITHIN_MS &&
      !heard.includes(id) &&
      // Told already, or not to be asked.
      ![...silent, ...older].some((node) => node.toLowerCase() === `${host}-${pid}`.toLowerCase()),
  );
  return [
    ...silent.map((node) => silentProcess(node, "it does not answer")),
    ...missing.map(({ id }) => silentProcess(id, "its worker has its lease, and does not answer")),
    ...others.filter((answer) => answer.findings === undefined).map(unanswered),
  ];
}

function isSilent({ findings, failure }: Answer): boolean {
  return findings === undefined && failure === undefined;
}

function silentProcess(subject: string, what: string): Finding {
  return {
    severity: "error",
    code: "PROCESS_SILENT",
    subject,
    message: `${what}: what runs there blocks its event loop, or NATS is away for it alone`,
    suggestion:
      "ask again: a handler may compute. If it stays so, read its log and restart it; HANG_TIMEOUT ends by itself what has hung for that long",
  };
}

function unanswered({ node, action, failure }: Answer): Finding {
  const [service = action] = action.split(".");
  return {
    severity: "error",
    code: "CHECK_UNANSWERED",
    subject: `${service} on ${node}`,
    message: `what is wrong with it could not be found out: ${failure ?? "it does not answer, and the rest of the process does"}`,
    suggestion: "ask again; if it stays so, the log of that process says more",
  };
}

/** A restart of one after the other that has stopped half way. Processes that do not say theirs are left out. */
export function checkVersions({ answers, older }: Rounds): Finding[] {
  const known = answers.flatMap(({ node, version }) =>
    version === undefined || version === "unknown" ? [] : [{ node, version }],
  );
  const running = [...Map.groupBy([...known, ...older.map((node) => ({ node, version: "an older one" }))], versionOf)];
  if (running.length < 2) return [];
  const said = running
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([version, of]) => `${version} (${of.map(({ node }) => node).join(", ")})`);
  return [
    {
      severity: "warning",
      code: "VERSIONS_DIFFER",
      subject: running.map(([version]) => version).join(", "),
      message: `processes of different versions run side by side: ${said.join("; ")}`,
      suggestion: "go on with the restart of those that are behind, or go back with all",
    },
  ];
}

function versionOf({ version }: { readonly version: string }): string {
  return version;
}
