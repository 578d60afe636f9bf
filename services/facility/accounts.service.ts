// Accounts over the broker: tokens for clients and for the whole system, passwords of people; and for the gateway, whose
// a token, a session or a password is. It runs in every process that has a gateway, so a password stays in the process.
import type { ServiceBroker } from "moleculer";
import { z } from "zod";
import { parseParams } from "../../runtime/index.ts";
import { audit, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { freeText, id, instant, page, refused, text } from "../fields.ts";
import { type Asked, authorOf, scopeOf } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { type Account, readKey } from "./accounts.ts";
import { hashPassword } from "./accounts-password.ts";
import { accountOfPassword, accountOfPerson, setPassword } from "./accounts-people.ts";
import { ROLES, requireAdmin, requireGrantable } from "./accounts-roles.ts";
import { accountOfToken, insertToken, listTokens, revokeToken } from "./accounts-tokens.ts";
import { accountEvents } from "./events.ts";

const one = z.strictObject({ id });
const newToken = z.strictObject({
  name: text(100),
  role: z.enum(ROLES),
  clientId: id.optional(),
  personId: id.optional(),
  expiresAt: instant.optional(),
});
const tokenPage = z.strictObject({ clientId: id.optional(), ...page });
/** Long enough to be hard to guess at ten tries in five minutes; what it is made of is up to its owner. */
const newPassword = z.strictObject({
  id,
  password: z.string().min(10, "must have at least 10 characters").max(200),
});
const byHash = z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/) });
const byKey = z.strictObject({ key: z.string().max(50) });
const byPassword = z.strictObject({ loginId: freeText(100), password: z.string().max(200) });

export function accountsService({ database, runtime, log }: ServiceParts): TaskServiceSchema {
  const now = () => runtime.parts.clock.now();
  let tellAll: () => Promise<void> = async () => {};
  return {
    name: "accounts",
    actions: {
      async createToken(ctx: Asked) {
        requireAdmin(ctx.meta.user);
        const given = parseParams(newToken, ctx.params);
        requireGrantable(ctx.meta.user, given.role);
        if (given.expiresAt !== undefined && given.expiresAt.getTime() <= now()) {
          throw refused("expiresAt", "must lie in the future");
        }
        return database.transaction(async (tx) => {
          const { token, ...row } = await insertToken(tx, scopeOf(ctx), given, authorOf(ctx).name);
          const { role, clientId, personId, expiresAt } = row;
          await audit(tx, ctx, "token.create", String(row.id), {
            name: row.name,
            ...{ role, clientId, personId, expiresAt },
          });
          return { ...row, token };
        });
      },
      listTokens(ctx: Asked) {
        requireAdmin(ctx.meta.user);
        return listTokens(database, scopeOf(ctx), parseParams(tokenPage, ctx.params));
      },
      async revokeToken(ctx: Asked) {
        requireAdmin(ctx.meta.user);
        const { id: tokenId } = parseParams(one, ctx.params);
        const row = await database.transaction(async (tx) => {
          const revoked = await revokeToken(tx, scopeOf(ctx), tokenId, now());
          await audit(tx, ctx, "token.revoke", String(tokenId), { name: revoked.name });
          return revoked;
        });
        await tellAll();
        return row;
      },
      async setPassword(ctx: Asked) {
        requireAdmin(ctx.meta.user);
        const { id: personId, password } = parseParams(newPassword, ctx.params);
        const hash = await hashPassword(password);
        const change = { personId, hash, author: authorOf(ctx).name, at: now() };
        const changed = await database.transaction(async (tx) => {
          const done = await setPassword(tx, scopeOf(ctx), change);
          await audit(tx, ctx, "person.password", String(personId));
          return done;
        });
        await tellAll();
        return changed;
      },
      /** Who asks, as the gateway knows them. */
      me: ({ meta: { user } }: Asked) => ({
        ...{ name: user?.name ?? null, role: user?.role ?? null },
        ...{ clientId: user?.clientId ?? null, personId: user?.personId ?? null },
      }),
      /** For the gateway. Null: unknown, expired or revoked; which of them is nobody's business. */
      ofToken: (ctx: Asked) => orNull(accountOfToken(database, parseParams(byHash, ctx.params), now())),
      /** For the gateway: whether what a session was begun with still stands. */
      async ofKey(ctx: Asked) {
        const key = readKey(parseParams(byKey, ctx.params).key);
        if (key === undefined) return null;
        if (key.kind === "token") return orNull(accountOfToken(database, { id: key.tokenId }, now()));
        return orNull(accountOfPerson(database, key.personId, key.changedAt));
      },
      /** For the gateway. */
      ofPassword: (ctx: Asked) => orNull(accountOfPassword(database, parseParams(byPassword, ctx.params))),
    },
    created() {
      const { broker } = this as { broker: ServiceBroker };
      // Whoever does not hear it finds out within half a minute.
      tellAll = () =>
        Promise.resolve(broker.broadcast(accountEvents.changed.event)).catch((error: unknown) =>
          log.warn(`could not tell of a change of accounts: ${String(error)}`),
        );
    },
  };
}

/** Undefined does not travel. */
async function orNull(looking: Promise<Account | undefined>): Promise<Account | null> {
  return (await looking) ?? null;
}
