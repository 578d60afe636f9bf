// What became of a phone's messages, truthfully: also of one whose task has given up.
import { codeOf } from "../../runtime/index.ts";
import type { Sender } from "../receiver.ts";
import type { ServiceParts } from "../service-parts.ts";
import { messagesOf } from "./message-store.ts";

export interface MessageStatus {
  readonly taskId: string;
  /** `UNKNOWN`: no message of this person. */
  readonly status: "PENDING" | "SUCCESS" | "FAILURE" | "UNKNOWN";
  readonly result: unknown;
}

const GIVEN_UP = {
  errors: [
    { message: "it could not be run; it is kept, and the operators see it", extensions: { code: "TASK_FAILED" } },
  ],
};

/** One for each id, in their order. */
export async function statusOf(
  { database, runtime }: Pick<ServiceParts, "database" | "runtime">,
  { personId }: Sender,
  taskIds: readonly string[],
): Promise<readonly MessageStatus[]> {
  const known = new Map((await messagesOf(database, personId, taskIds)).map((each) => [each.taskId, each]));
  return Promise.all(
    taskIds.map(async (taskId): Promise<MessageStatus> => {
      const message = known.get(taskId.toLowerCase());
      if (message === undefined) return { taskId, status: "UNKNOWN", result: null };
      if (message.state !== "PENDING") return { taskId, status: message.state, result: message.result };
      const state = await stateOf(runtime, message.taskId);
      const hasGivenUp = state === "FAILURE" || state === "REVOKED";
      return { taskId, status: hasGivenUp ? "FAILURE" : "PENDING", result: hasGivenUp ? GIVEN_UP : null };
    }),
  );
}

async function stateOf(runtime: ServiceParts["runtime"], taskId: string): Promise<string | undefined> {
  try {
    return (await runtime.getTask(taskId)).state;
  } catch (error) {
    if (codeOf(error) === "TASK_NOT_FOUND") return undefined;
    throw error;
  }
}
