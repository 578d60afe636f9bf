// The rounds: everything is asked at once, each with its limit, and what comes back is made one list.
import type { ServiceBroker } from "moleculer";
import {
  codeOf,
  errorsFirst,
  type Finding,
  hideSecrets,
  messageOf,
  type Runtime,
  within,
} from "../../runtime/index.ts";
import { askProcesses, SCHEDULES } from "./ask-processes.ts";
import { checkConnections } from "./connections.ts";
import { checkEngine } from "./engine.ts";
import { inOneVoice, withoutConsequences } from "./findings.ts";
import { checkHearing, checkVersions } from "./processes.ts";

/** As long as the processes have. */
const LIMIT_MS = 4_000;

export async function examine(broker: ServiceBroker, runtime: Runtime): Promise<Finding[]> {
  const { database, queue, parts } = runtime;
  const look = async (what: string, ask: () => Promise<readonly Finding[]>) => {
    try {
      return await within(parts.clock, LIMIT_MS, ask);
    } catch (error) {
      return [unanswered(what, error)];
    }
  };
  const [rounds, schedules, tasks, connections, engine, workers] = await Promise.all([
    askProcesses(broker, LIMIT_MS),
    look("schedules", () => askSchedules(broker)),
    look("tasks", () => runtime.operator.checkTasks()),
    look("database", () => checkConnections(database)),
    look("NATS", async () => checkEngine(await queue.limits())),
    // Without the books nobody is missed; that they cannot be read is told above.
    within(parts.clock, LIMIT_MS, () => runtime.workers()).catch(() => []),
  ]);
  const findings = [
    ...inOneVoice(rounds),
    ...checkHearing(rounds, workers, parts.clock.now()),
    ...checkVersions(rounds),
    ...[...connections, ...engine, ...schedules, ...tasks],
  ];
  const seen = new Set<string>();
  const once = withoutConsequences(findings).filter(({ code, subject }) => {
    const key = `${code} ${subject}`;
    return !seen.has(key) && seen.add(key);
  });
  // What servers and drivers say goes into messages as it is; an address of theirs may hold a password.
  return errorsFirst(once.map((finding) => ({ ...finding, message: hideSecrets(finding.message) })));
}

async function askSchedules(broker: ServiceBroker): Promise<readonly Finding[]> {
  try {
    const { findings } = (await broker.call(SCHEDULES, {}, { timeout: LIMIT_MS })) as { findings: Finding[] };
    return findings;
  } catch (error) {
    if (!/^SERVICE_NOT_(FOUND|AVAILABLE)$/.test(String((error as { readonly type?: unknown }).type))) throw error;
    return [
      {
        severity: "error",
        code: "SCHEDULER_MISSING",
        subject: "scheduler",
        message: "no process runs the service scheduler, so no schedule fires",
        suggestion: "start a process whose SERVICES contain scheduler",
      },
    ];
  }
}

function unanswered(what: string, error: unknown): Finding {
  const code = codeOf(error);
  return {
    severity: "error",
    code: "CHECK_UNANSWERED",
    subject: what,
    message: `what is wrong with it could not be found out: ${code === undefined ? "" : `${code}: `}${messageOf(error)}`,
    suggestion: "ask again; if it stays so, the log of the gateway and of the database says more",
  };
}
