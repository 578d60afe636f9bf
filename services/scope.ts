// Who asks for facility data, and of which client (tenant) they may see rows. Every statement on the facility's tables
// carries a scope into its condition; a row of another client is as good as not there.
import type { Context } from "moleculer";
import type { Parameter } from "../database/index.ts";

export type { Tell } from "../runtime/index.ts";

export interface Scope {
  /** Rows of this client only; `undefined` for an operator of the whole system. */
  readonly clientId: number | undefined;
}

export interface FacilityMeta {
  readonly user?: {
    readonly name: string;
    readonly role: string;
    readonly clientId?: number | undefined;
    readonly personId?: number | undefined;
  };
  readonly correlationId?: string;
  /** One of the many changes of an import: the audit has the import itself. */
  readonly isPartOfImport?: boolean;
}

/** A call of one of the facility's actions. */
export type Asked = Context<unknown, FacilityMeta>;

export const WHOLE_SYSTEM: Scope = { clientId: undefined };

export function scopeOf(ctx: Asked): Scope {
  return { clientId: ctx.meta.user?.clientId };
}

/** The name a change is recorded under, and the person where the asker is one. */
export function authorOf(ctx: Asked): Author {
  return { name: ctx.meta.user?.name ?? "internal", personId: ctx.meta.user?.personId };
}

export interface Author {
  readonly name: string;
  readonly personId: number | undefined;
}

/** Values of a statement, numbered as they are written into its text. */
export class Values {
  readonly list: Parameter[] = [];

  /** The placeholder of a value. Its type is the statement's to say: `${values.of(id)}::bigint`. */
  of(value: Parameter): string {
    this.list.push(value);
    return `$${this.list.length}`;
  }
}

/** The condition that keeps a statement within its scope; `true` for the whole system. */
export function within(scope: Scope, column: string, values: Values): string {
  return scope.clientId === undefined ? "true" : `${column} = ${values.of(scope.clientId)}::bigint`;
}
