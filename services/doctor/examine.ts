// The rounds: everything is asked at once, each with its limit, and what comes back is made one list.
import type { ServiceBroker } from "moleculer";
import {
  answerWithin,
  codeOf,
  errorsFirst,
  type Finding,
  hideSecrets,
  messageOf,
  type Runtime,
} from "../../runtime/index.ts";
import { processesWith } from "../../runtime/moleculer/index.ts";
import { askProcesses, onTheBus, SCHEDULES } from "./ask-processes.ts";
import { checkConnections } from "./connections.ts";
import { checkEngine } from "./engine.ts";
import { inOneVoice, withoutConsequences } from "./findings.ts";
import { checkHearing, checkVersions } from "./processes.ts";

/** As long as the processes have. */
const LIMIT_MS = 4_000;

const NOBODY_FIRES: Finding = {
  severity: "error",
  code: "SCHEDULER_MISSING",
  subject: "scheduler",
  message: "no process runs the service scheduler, so no schedule fires",
  suggestion: "start a process whose SERVICES contain scheduler",
};

export async function examine(broker: ServiceBroker, runtime: Runtime): Promise<Finding[]> {
  const { database, queue, parts } = runtime;
  const look = async (what: string, ask: () => Promise<readonly Finding[]>) => {
    try {
      return await answerWithin(parts.clock, LIMIT_MS, ask);
    } catch (error) {
      return [unanswered(what, error)];
    }
  };
  const [rounds, schedules, tasks, connections, engine, workers] = await Promise.all([
    askProcesses(broker, parts.clock, LIMIT_MS),
    look("schedules", () => askSchedules(broker)),
    look("tasks", () => runtime.operator.checkTasks()),
    look("database", () => checkConnections(database)),
    look("NATS", async () => checkEngine(await queue.limits())),
    // Without the books nobody is missed; that they cannot be read is told above.
    answerWithin(parts.clock, LIMIT_MS, () => runtime.workers()).catch(() => []),
  ]);
  const findings = [
    ...inOneVoice(rounds),
    ...checkHearing(rounds, workers, parts.clock.now()),
    ...checkVersions(rounds),
    ...[...connections, ...engine, ...schedules, ...tasks],
  ];
  const seen = new Set<string>();
  const once = withoutConsequences(findings, rounds, broker.nodeID).filter(({ code, subject }) => {
    const key = `${code} ${subject}`;
    return !seen.has(key) && seen.add(key);
  });
  // What servers and drivers say goes into messages as it is; an address of theirs may hold a password.
  return errorsFirst(once.map((finding) => ({ ...finding, message: hideSecrets(finding.message) })));
}

/** Of the system as a whole: the first answer will do, so that one process that hangs does not hide it. */
async function askSchedules(broker: ServiceBroker): Promise<readonly Finding[]> {
  const nodes = processesWith(broker, SCHEDULES);
  if (nodes.length === 0) return [NOBODY_FIRES];
  const asked = nodes.map((nodeID) => broker.call(SCHEDULES, {}, onTheBus(nodeID, LIMIT_MS)));
  try {
    return ((await Promise.any(asked)) as { readonly findings: readonly Finding[] }).findings;
  } catch (error) {
    throw (error as AggregateError).errors[0];
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
