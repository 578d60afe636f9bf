// The parameters of `tasks.list`, as they come from an address or from another service: what may be several is a list, or
// one text with commas.
import { z } from "zod";
import { instantSchema } from "../contract/instant.ts";
import { isTaskId } from "../contract/task-id.ts";
import { TASK_STATES, type TaskState } from "../contract/task-state.ts";
import type { TaskFilter } from "../results/index.ts";

const taskId = z.string().toLowerCase().refine(isTaskId, "must be a UUID");

const states = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => [given].flat().flatMap((one) => one.split(",").map((state) => state.trim())))
  .refine(areStates, `must be of ${TASK_STATES.join(", ")}`);

function areStates(given: string[]): given is TaskState[] {
  return given.every((one) => (TASK_STATES as readonly string[]).includes(one));
}

/** `tenant:acme`, or several of them. */
const headers = z
  .union([z.string(), z.array(z.string()).max(32)])
  .transform((given) => [given].flat())
  .refine((given) => given.every((one) => /^[^:]+:/.test(one)), "must be written like tenant:acme")
  .transform((given) =>
    Object.fromEntries(given.map((one) => [one.slice(0, one.indexOf(":")), one.slice(one.indexOf(":") + 1)])),
  );

export const listFilter = z
  .strictObject({
    state: states.optional(),
    name: z.string().optional(),
    queue: z.string().optional(),
    worker: z.string().optional(),
    parentId: taskId.optional(),
    retryOf: taskId.optional(),
    header: headers.optional(),
    createdAfter: instantSchema.optional(),
    createdBefore: instantSchema.optional(),
    q: z.string().max(200).optional(),
    limit: z.coerce.number().int().min(1).max(500).optional(),
    cursor: taskId.optional(),
  })
  .transform(({ header, ...filter }): TaskFilter => ({ ...filter, headers: header }));
