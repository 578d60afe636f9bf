// Which findings are about a schedule. Some are about queues, and a queue may have a schedule's name.
import type { Schedule } from "../../core/shapes.ts";
import type { Finding } from "../../core/shapes-system.ts";

export function isAbout({ name }: Pick<Schedule, "name">, { subject, code }: Finding): boolean {
  return subject === name && code !== "QUEUE_UNATTENDED";
}
