// One GraphQL request of a phone, answered: queries and sign-in at once; mutations on records are stored first like any
// other message, run by the queue, and waited for, so that an answer that was lost can be had again.
import { execute, GraphQLError, type GraphQLSchema } from "graphql";
import { ApiumError, codeOf, ERRORS, messageOf } from "../../runtime/index.ts";
import type { Sender } from "../receiver.ts";
import type { ServiceParts } from "../service-parts.ts";
import { messagesOf } from "./message-store.ts";
import { type Received, receive } from "./receive.ts";
import { checkAgainst, readDocument } from "./schema/limits.ts";
import { PUBLIC_MUTATIONS, RECORD_MUTATIONS } from "./schema/sdl.ts";
import type { PhoneSession, PhoneSignIn } from "./sign-in.ts";
import type { MessageStatus } from "./status.ts";

/** After this long the answer says PENDING, and `messageStatus` says the rest. */
const WAIT = "20s";

export interface GraphqlRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | undefined;
}

export interface GraphqlAnswer {
  readonly data?: unknown;
  readonly errors?: readonly unknown[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface AnswerParts {
  readonly parts: ServiceParts;
  readonly schema: GraphQLSchema;
  readonly signIn: PhoneSignIn;
  /** `facility.sync`, in the sender's name. */
  readonly changes: (sender: Sender, params: object) => Promise<unknown>;
  readonly status: (sender: Sender, taskIds: readonly string[]) => Promise<readonly MessageStatus[]>;
  readonly copies: readonly string[];
  readonly hasIntrospection: boolean;
}

/**
 * @param sender - `undefined` without a token: then only signing in is answered.
 * @param address - where it comes from, for counting failures to sign in.
 * @throws ApiumError `UNAUTHENTICATED`, `QUERY_INVALID`, `QUERY_TOO_COSTLY`.
 */
export async function answerGraphql(
  answer: AnswerParts,
  sender: Sender | undefined,
  { query, variables, operationName }: GraphqlRequest,
  address: string,
): Promise<GraphqlAnswer> {
  const checked = readDocument(query, operationName);
  const isPublic = checked.kind === "mutation" && checked.fields.every((field) => isOneOf(PUBLIC_MUTATIONS, field));
  if (sender === undefined && !isPublic) throw new ApiumError("UNAUTHENTICATED");
  const { schema, hasIntrospection } = answer;
  checkAgainst(schema, checked, variables, { hasIntrospection });
  const ofRecords = checked.fields.filter((field) => isOneOf(RECORD_MUTATIONS, field));
  if (ofRecords.length > 0 && sender !== undefined) {
    if (ofRecords.length < checked.fields.length) {
      throw new ApiumError("QUERY_INVALID", "mutations on records go by themselves, without others beside them");
    }
    return answerStored(answer, sender, query, variables, operationName);
  }
  const result = await execute({
    schema,
    document: checked.document,
    rootValue: directRoot(answer, sender, address),
    variableValues: variables,
  });
  return { ...result, ...(result.errors === undefined ? {} : { errors: result.errors.map(shown) }) };
}

async function answerStored(
  { parts, schema }: AnswerParts,
  sender: Sender,
  document: string,
  variables: Readonly<Record<string, unknown>>,
  operationName: string | undefined,
): Promise<GraphqlAnswer> {
  const { taskId } = await receive(parts, schema, sender, {
    ...{ via: "http", document, variables, operationName: operationName ?? null },
    ...{ serviceName: null, messageId: null },
  });
  // However it ends, or does not end in time, the message says how it is.
  await parts.runtime.result(taskId, WAIT).catch(() => {});
  const [message] = await messagesOf(parts.database, sender.personId, [taskId]);
  const extensions = { taskId, status: message?.state ?? "PENDING" };
  if (message?.result) return { ...message.result, extensions };
  const error = new ApiumError(
    "WAIT_TIMEOUT",
    "the message is stored and will be run; ask messageStatus for its outcome",
  );
  return { data: null, errors: [shown(error)], extensions };
}

function directRoot(
  { parts, schema, signIn, changes, status, copies }: AnswerParts,
  sender: Sender | undefined,
  address: string,
) {
  const known = (): Sender => {
    if (sender === undefined) throw new ApiumError("UNAUTHENTICATED");
    return sender;
  };
  const keep = async (document: string, variables: Readonly<Record<string, unknown>>, more: Partial<Accepting>) =>
    accepted(
      await receive(parts, schema, known(), {
        ...{ via: "http", document, variables, operationName: null, serviceName: null, messageId: null },
        ...more,
      }),
    );
  return {
    me: () => me(known()),
    messageStatus: ({ taskIds }: { taskIds: readonly string[] }) => status(known(), taskIds),
    ...Object.fromEntries(
      copies.map((table) => [table, (asked: object) => changes(known(), { table, ...said(asked) })]),
    ),
    async tokenAuth({
      input,
    }: {
      input: { clientcode?: string; loginid: string; password: string; deviceid: string };
    }) {
      const { clientcode, loginid: loginId, password, deviceid: deviceId } = input;
      const given = { ...(clientcode ? { clientCode: clientcode } : {}), loginId, password, deviceId };
      return sessionOf(await signIn.signIn(given, address));
    },
    refreshToken: async ({ refreshToken }: { refreshToken: string }) => sessionOf(await signIn.refresh(refreshToken)),
    logoutUser: async () => ({ success: await signIn.signOut(known()) }),
    insertJson: ({ jsondata, tablename }: { jsondata: readonly unknown[]; tablename: string }) =>
      keep(INSERT, { records: jsondata.map((each) => named(each, tablename)) }, {}),
    enqueueMutation: ({ mutation, variables, uuids, serviceName, messageId }: Enqueued) =>
      keep(mutation, (variables ?? {}) as Record<string, unknown>, {
        ...(uuids ? { uuids } : {}),
        ...{ serviceName: serviceName ?? null, messageId: messageId ?? null },
      }),
  };
}

const INSERT =
  "mutation Insert($records: [JSON!]!) { insertRecord(records: $records) { rc recordcount msg uuids records { uuid rc outcome storedAs code msg fields } } }";

/** A variable that is null was not said. */
function said(asked: object): object {
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== null));
}

interface Accepting {
  readonly uuids: readonly string[];
  readonly serviceName: string | null;
  readonly messageId: string | null;
}

interface Enqueued {
  readonly mutation: string;
  readonly variables?: unknown;
  readonly uuids?: readonly string[] | null;
  readonly serviceName?: string | null;
  readonly messageId?: string | null;
}

/** A record that says which table it is for. Text that is no record is left for the run to refuse. */
function named(given: unknown, tablename: string): unknown {
  try {
    let value = given;
    for (let encoding = 0; typeof value === "string" && encoding < 3; encoding += 1) value = JSON.parse(value);
    return typeof value === "object" && value !== null ? { ...value, tablename } : given;
  } catch {
    return given;
  }
}

function accepted({ taskId, status, uuids, serviceName, isRepeat }: Received) {
  return { taskId, status, uuids, serviceName, isRepeat, rc: 0, msg: isRepeat ? "stored before" : "stored" };
}

function sessionOf({ token, expiresIn, refreshToken, user }: PhoneSession) {
  return { token, expiresIn, refreshToken, user: me(user) };
}

function me({ personId, clientId, deviceId, name }: Sender) {
  return { personId, clientId, deviceId, name };
}

function isOneOf(names: readonly string[], name: string): boolean {
  return names.includes(name);
}

/** An error as a phone sees it: our own with their code and fields, nothing of others. */
function shown(error: unknown): object {
  const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  const path = error instanceof GraphQLError ? error.path : undefined;
  const code = codeOf(cause);
  const isOurs = code !== undefined && Object.hasOwn(ERRORS, code);
  const isTheirs = cause instanceof GraphQLError;
  const message = isOurs || isTheirs ? messageOf(cause) : ERRORS.INTERNAL.meaning;
  const fields = isOurs ? (cause as ApiumError).fields : undefined;
  const extensions = { code: isOurs ? code : isTheirs ? "QUERY_INVALID" : "INTERNAL", ...(fields && { fields }) };
  return { message, ...(path === undefined ? {} : { path }), extensions };
}
