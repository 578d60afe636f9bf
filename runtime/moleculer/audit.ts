// Who did what, when: one row for each operation that changed something. Who asks comes in `ctx.meta.user`.
import type { Context } from "moleculer";
import type { Queryable } from "../../database/index.ts";
import { codeOf } from "../contract/errors.ts";

export interface AskerMeta {
  readonly user?: { readonly name: string; readonly role: string };
  readonly correlationId?: string;
  /** Of what was typed at a REPL of Moleculer's. */
  readonly $repl?: boolean;
}

/** A call, or what stands for one where somebody's order is carried out later. */
interface Asking {
  readonly meta: AskerMeta;
}

/** The name under which a change is done; another service's own doing is `internal`. */
export function askerOf({ meta }: Asking): string {
  return meta.user?.name ?? "internal";
}

/** Leaves an audit row. `details` must hold no secret: it is shown to everyone who may read the audit. */
export async function audit(
  store: Queryable,
  asking: Asking,
  action: string,
  target: string,
  details: unknown = {},
): Promise<void> {
  await store.query("insert into audit (actor, role, action, target, details) values ($1, $2, $3, $4, $5::json)", [
    askerOf(asking),
    asking.meta.user?.role ?? "service",
    action,
    target,
    JSON.stringify(details),
  ]);
}

export interface ManyChanged {
  readonly action: string;
  readonly target: string;
  readonly details: object;
}

/**
 * Does something to many, and leaves an audit row of what came of it. Where it fails halfway the row says how far it had
 * come, which `change` tells as it goes on, and with which code it failed.
 */
export async function auditMany<Outcome extends { readonly dryRun: boolean }>(
  store: Queryable,
  ctx: Context<unknown, AskerMeta>,
  { action, target, details }: ManyChanged,
  change: (onProgress: (soFar: Outcome) => void) => Promise<Outcome>,
): Promise<Outcome> {
  let soFar: Outcome | undefined;
  const outcome = await change((told) => {
    soFar = told;
  }).catch(async (error: unknown) => {
    const failed = codeOf(error) ?? "INTERNAL";
    if (soFar !== undefined) await audit(store, ctx, action, target, { ...details, ...soFar, failed }).catch(unwritten);
    throw error;
  });
  if (!outcome.dryRun) await audit(store, ctx, action, target, { ...details, ...outcome });
  return outcome;

  /** The same failure has most likely stopped both, and the first one is what the asker must hear. */
  function unwritten(error: unknown): void {
    ctx.broker.logger.warn(`"${action}" failed halfway, and that could not be written to the audit`, error);
  }
}
