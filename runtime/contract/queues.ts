// The queues of the platform, and the names the original deployment knew them by.
import { ApiumError } from "./errors.ts";

export const QUEUES = [
  "critical",
  "high_priority",
  "default",
  "low_priority",
  "email",
  "reports",
  "external_api",
  "maintenance",
] as const;

export const DEFAULT_QUEUE = "default";

const ALIASES: Readonly<Record<string, string>> = {
  django5_queue: "default",
  email_queue: "email",
  report_queue: "reports",
};

/** The queue a name means. @throws ApiumError `QUEUE_UNKNOWN`. */
export function queueNamed(name: string): string {
  const queue = ALIASES[name] ?? name;
  if (!(QUEUES as readonly string[]).includes(queue)) {
    throw new ApiumError("QUEUE_UNKNOWN", `there is no queue "${name}"; the queues are ${QUEUES.join(", ")}`, {
      fields: [{ field: "queue", message: `must be one of ${QUEUES.join(", ")}` }],
    });
  }
  return queue;
}
