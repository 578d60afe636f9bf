// Who did what, when: one row for each operation that changed something. Who asks comes in `ctx.meta.user`.
import type { Context } from "moleculer";
import type { Queryable } from "../../database/index.ts";

export interface AskerMeta {
  readonly user?: { readonly name: string; readonly role: string };
  readonly correlationId?: string;
}

/** The name under which a change is done; another service's own doing is `internal`. */
export function askerOf(ctx: Context<unknown, AskerMeta>): string {
  return ctx.meta.user?.name ?? "internal";
}

/** Leaves an audit row. `details` must hold no secret: it is shown to everyone who may read the audit. */
export async function audit(
  store: Queryable,
  ctx: Context<unknown, AskerMeta>,
  action: string,
  target: string,
  details: unknown = {},
): Promise<void> {
  await store.query("insert into audit (actor, role, action, target, details) values ($1, $2, $3, $4, $5::json)", [
    askerOf(ctx),
    ctx.meta.user?.role ?? "service",
    action,
    target,
    JSON.stringify(details),
  ]);
}
