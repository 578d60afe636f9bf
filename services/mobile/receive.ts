// A message of a phone at the door: looked at, kept together with the task that will run it, and only then acknowledged.
// What cannot be run is refused here, so that the phone keeps its copy.
import type { GraphQLSchema } from "graphql";
import { ApiumError } from "../../runtime/index.ts";
import { refused } from "../fields.ts";
import type { Sender } from "../receiver.ts";
import type { ServiceParts } from "../service-parts.ts";
import { insertMessage, lockSender, type NewMessage, nextMessageId, repeated } from "./message-store.ts";
import { MOST_RECORDS, uuidIn } from "./records.ts";
import { checkAgainst, readDocument } from "./schema/limits.ts";
import { RECORD_MUTATIONS } from "./schema/sdl.ts";
import { processGraphqlMutationAsync } from "./tasks.ts";

const MOST_VARIABLES_BYTES = 12 * 1024 * 1024;
const MOST_UUIDS = 5_000;

export interface Received {
  readonly taskId: string;
  readonly status: "PENDING" | "SUCCESS" | "FAILURE";
  readonly uuids: readonly string[];
  readonly serviceName: string | null;
  /** It was here already. */
  readonly isRepeat: boolean;
}

export type Offered = Omit<NewMessage, "uuids"> & { readonly uuids?: readonly string[] | undefined };

/**
 * Keeps a message. The same again gives the same answer.
 * @throws ApiumError `QUERY_INVALID`, `QUERY_TOO_COSTLY`, `PARAMS_INVALID`, `REQUEST_TOO_LARGE`, `MESSAGE_ID_CONFLICT`.
 */
export async function receive(
  { database, runtime }: Pick<ServiceParts, "database" | "runtime">,
  schema: GraphQLSchema,
  sender: Sender,
  offered: Offered,
): Promise<Received> {
  const { document: text, operationName, variables } = offered;
  const checked = readDocument(text, operationName ?? undefined);
  if (checked.kind !== "mutation") throw new ApiumError("QUERY_INVALID", "only mutations are stored for later");
  const foreign = checked.fields.find((field) => !(RECORD_MUTATIONS as readonly string[]).includes(field));
  if (foreign !== undefined) {
    throw new ApiumError("QUERY_INVALID", `${foreign} cannot be stored for later; ${RECORD_MUTATIONS.join(", ")} can`);
  }
  checkAgainst(schema, checked, variables, { hasIntrospection: false });
  refuseTooMuch(variables);
  const uuids = (offered.uuids ?? uuidsIn(variables)).slice(0, MOST_UUIDS);
  const message: NewMessage = { ...offered, uuids };
  return database.transaction(async (tx) => {
    await lockSender(tx, sender, "receiving");
    const known = await repeated(tx, sender, message);
    if (known !== undefined) {
      const { taskId, state: status, uuids: its, serviceName } = known;
      return { taskId, status, uuids: its, serviceName, isRepeat: true };
    }
    const id = await nextMessageId(tx);
    const task = await processGraphqlMutationAsync.enqueue(runtime, { messageId: id }, { tx });
    await insertMessage(tx, sender, message, { id, taskId: task.id });
    return { taskId: task.id, status: "PENDING", uuids, serviceName: message.serviceName, isRepeat: false };
  });
}

function refuseTooMuch(variables: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (!Array.isArray(value) || value.length <= MOST_RECORDS || typeof value[0] === "number") continue;
    throw refused(`variables.${name}`, `has ${value.length} records; ${MOST_RECORDS} may come at once`);
  }
  const text = JSON.stringify(variables);
  if (text.length > MOST_VARIABLES_BYTES) throw new ApiumError("REQUEST_TOO_LARGE");
  if (text.includes("\\u0000")) throw refused("variables", "must not contain NUL");
}

/** Of the records, where the phone does not name them. */
function uuidsIn(variables: Readonly<Record<string, unknown>>): string[] {
  const records = Object.values(variables).flatMap((value) => (Array.isArray(value) ? value : [value]));
  const uuids = records.filter((each) => typeof each === "string" || typeof each === "object").map(uuidIn);
  return [...new Set(uuids.filter((uuid) => uuid !== null))];
}
