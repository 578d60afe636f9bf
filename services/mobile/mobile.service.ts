// Phones: they sign in, fetch what has changed, and report what was done. Reports are kept before they are acknowledged,
// run once by the queue in their sender's name, and answered the same however often and whichever way they come.
import type { GraphQLSchema } from "graphql";
import type { Context, ServiceBroker } from "moleculer";
import { z } from "zod";
import { ApiumError, parseParams, tellOver } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { LoginGuard } from "../login-guard.ts";
import type { Receivers, Sender } from "../receiver.ts";
import type { FacilityMeta, Tell } from "../scope.ts";
import { secretFile } from "../secret-file.ts";
import type { ServiceParts } from "../service-parts.ts";
import { answerGraphql } from "./answer-graphql.ts";
import { mobileEvents } from "./events.ts";
import { receive } from "./receive.ts";
import { runMessage } from "./run-message.ts";
import type { CopiedTables } from "./schema/copies.ts";
import { mobileSchema } from "./schema/schema.ts";
import { type KnownAccount, PhoneSignIn } from "./sign-in.ts";
import { statusOf } from "./status.ts";
import { processGraphqlMutationAsync } from "./tasks.ts";
import { Tokens } from "./tokens.ts";

const taskIds = z.array(z.uuid()).max(100);
const offered = z.strictObject({
  mutation: z.string().min(1),
  variables: z.record(z.string(), z.json()).default({}),
  operationName: z.string().max(200).optional(),
  uuids: z.array(z.string().max(100)).max(5_000).optional(),
  serviceName: z.string().max(200).optional(),
  messageId: z.string().min(1).max(200).optional(),
  via: z.enum(["http", "mqtt", "rest"]).default("rest"),
});
const request = z.strictObject({
  query: z.string().min(1),
  variables: z.record(z.string(), z.json()).nullish(),
  operationName: z.string().max(200).nullish(),
});

/** Calls of this service: `address` is where a request without a token came from. */
type Asked = Context<unknown, FacilityMeta & { readonly address?: string }>;
type Person = NonNullable<FacilityMeta["user"]> & { readonly deviceId?: string };

export interface MobileParts {
  readonly receivers: Receivers;
  readonly tables: CopiedTables;
}

export function mobileService(parts: ServiceParts, { receivers, tables }: MobileParts): TaskServiceSchema {
  const { database, runtime, settings, cache } = parts;
  const now = () => runtime.parts.clock.now();
  let broker: ServiceBroker | undefined;
  let schema: GraphQLSchema | undefined;
  let tell: Tell = () => {};
  const opened = (): GraphQLSchema => {
    if (schema === undefined) throw new ApiumError("SERVICE_UNAVAILABLE");
    return schema;
  };
  const signIn = new PhoneSignIn({
    ...{ database, now, guard: new LoginGuard(cache) },
    tokens: new Tokens(settings.JWT_SECRET ?? secretFile(settings.DATA_DIR, "jwt-secret"), now),
    ask: async (action, params) => {
      if (broker === undefined) throw new ApiumError("SERVICE_UNAVAILABLE");
      return (await broker.call(`accounts.${action}`, params)) as KnownAccount | null;
    },
  });

  return {
    name: "mobile",
    actions: {
      /** Keeps a message and answers at once. */
      receive(ctx: Asked) {
        const { mutation, operationName, serviceName, messageId, ...given } = parseParams(offered, ctx.params);
        return receive(parts, opened(), senderOf(ctx), {
          ...{ document: mutation, operationName: operationName ?? null, serviceName: serviceName ?? null },
          ...{ ...given, messageId: messageId ?? null },
        });
      },
      async status(ctx: Asked) {
        const { taskIds: ids } = parseParams(z.strictObject({ taskIds }), ctx.params);
        return { items: await statusOf(parts, senderOf(ctx), ids), nextCursor: null };
      },
      /** For the gateway and the MQTT service: whose a token is. */
      async verifyToken(ctx: Asked) {
        const { token } = parseParams(z.strictObject({ token: z.string().max(2_000) }), ctx.params);
        return { ...(await signIn.senderOf(token)), role: "person" };
      },
      graphql(ctx: Asked) {
        const { query, variables, operationName } = parseParams(request, ctx.params);
        const sender = ctx.meta.user === undefined ? undefined : senderOf(ctx);
        const answer = {
          ...{ parts, schema: opened(), signIn, copies: Object.keys(tables) },
          hasIntrospection: process.env.NODE_ENV !== "production",
          changes: ({ name, clientId, personId }: Sender, params: object) =>
            ctx.call("facility.sync", params, { meta: { user: { name, role: "person", clientId, personId } } }),
          status: (who: Sender, ids: readonly string[]) => statusOf(parts, who, parseParams(taskIds, ids)),
        };
        const asked = { query, variables: variables ?? {}, operationName: operationName ?? undefined };
        return answerGraphql(answer, sender, asked, ctx.meta.address ?? "");
      },
    },
    events: {
      /** As the service `accounts` tells it: a password changed. */
      "accounts.changed": () => signIn.forget(),
    },
    tasks: {
      processGraphqlMutationAsync: runs(processGraphqlMutationAsync, async (ctx) => {
        const { task } = ctx.locals;
        const { messageId } = ctx.params;
        return task.complete(async (tx) => {
          const run = { parts, schema: opened(), receivers, tx, tell, signal: task.signal };
          const { message, counts } = await runMessage(run, messageId);
          const { taskId, personId, clientId, deviceId, uuids, serviceName, state: status } = message;
          const done = { taskId, personId, clientId, deviceId, uuids, serviceName, status };
          tx.afterCommit(() => tell(mobileEvents.done, done));
          return counts;
        });
      }),
    },
    created() {
      broker = (this as { broker: ServiceBroker }).broker;
      tell = tellOver(broker);
    },
    async started() {
      schema = await mobileSchema(database, tables);
    },
  };
}

/** @throws ApiumError `UNAUTHENTICATED` for somebody who is no person of a client. */
function senderOf(ctx: Asked): Sender {
  const user = ctx.meta.user as Person | undefined;
  if (user?.personId === undefined || user.clientId === undefined) {
    throw new ApiumError("UNAUTHENTICATED", "this is for people of a client: sign in with a login and a password");
  }
  return { name: user.name, clientId: user.clientId, personId: user.personId, deviceId: user.deviceId ?? null };
}
