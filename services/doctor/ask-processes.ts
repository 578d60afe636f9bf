// Asks every process what it finds wrong with itself and with the servers it needs. What a service has to do with, it alone
// answers for; so only those are asked that are there, and nobody else opens a connection to find out.
import type { CallingOptions, ServiceBroker } from "moleculer";
import { answerWithin, type Clock, type Finding, messageOf, NoAnswerError } from "../../runtime/index.ts";
import { processesWith } from "../../runtime/moleculer/index.ts";

/** Every process has it, of this version and later ones. */
export const PROCESS = "tasks.check";
/** Every process has it, of any version. */
const ANY_VERSION = "tasks.here";
/** Of the whole system: whichever process answers. */
export const SCHEDULES = "scheduler.check";
const SERVICES = ["cache.check", "email.check", "mqtt.check"] as const;

export interface Answer {
  readonly node: string;
  readonly action: string;
  /** Undefined: it has not answered in time. */
  readonly findings: readonly Finding[] | undefined;
  /** What it failed with, instead of an answer. */
  readonly failure?: string;
  /** Of `PROCESS`. */
  readonly version?: string;
  readonly worker?: string | null;
}

export interface Rounds {
  readonly answers: readonly Answer[];
  /** Processes of versions before the doctor's rounds: nobody asks them. */
  readonly older: readonly string[];
}

export async function askProcesses(
  broker: ServiceBroker,
  clock: Pick<Clock, "after">,
  limitMs: number,
): Promise<Rounds> {
  const known = processesWith(broker, PROCESS);
  const older = processesWith(broker, ANY_VERSION).filter((node) => !known.includes(node));
  const asked = [PROCESS, ...SERVICES].flatMap((action) =>
    processesWith(broker, action).map((node) => ask({ broker, clock, limitMs }, action, node)),
  );
  return { answers: (await Promise.all(asked)).filter((answer) => answer !== undefined), older };
}

interface Asker {
  readonly broker: ServiceBroker;
  readonly clock: Pick<Clock, "after">;
  readonly limitMs: number;
}

/**
 * For a question that is waited for by `answerWithin`. The bus' own limit goes by one timer: it would take a stand-still of
 * this process for everybody else's silence. One that leaves does not wait for what was given up.
 */
export function onTheBus(nodeID: string, limitMs: number): CallingOptions {
  return { nodeID, timeout: 2 * limitMs, retries: 0, tracking: false };
}

/** Undefined: the process has left, or died, since it was known. */
async function ask({ broker, clock, limitMs }: Asker, action: string, node: string): Promise<Answer | undefined> {
  try {
    const answer = await answerWithin(clock, limitMs, () => broker.call(action, {}, onTheBus(node, limitMs)));
    return { ...(answer as Pick<Answer, "findings">), node, action };
  } catch (error) {
    const { type } = error as { readonly type?: unknown };
    if (/^(REQUEST_REJECTED|SERVICE_NOT_(FOUND|AVAILABLE))$/.test(String(type))) return undefined;
    const isSilent = error instanceof NoAnswerError || type === "REQUEST_TIMEOUT";
    return { node, action, findings: undefined, ...(isSilent ? {} : { failure: messageOf(error) }) };
  }
}
