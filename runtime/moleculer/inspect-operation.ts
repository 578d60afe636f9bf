// An operation as data: its parameters, who may do it, what it does. Each becomes an action of its own under its family
// (`tasks.inspect.active`), and the family itself (`tasks.inspect`) takes its name as `what`: the faces outside need one
// address for all of them.
import type { z } from "zod";
import { ApiumError } from "../contract/errors.ts";
import { parseParams } from "../contract/parse-params.ts";
import type { Ctx } from "./inspect-ask.ts";

export interface Operation<Schema extends z.ZodType = z.ZodType> {
  readonly params: Schema;
  /** Default: whoever the face lets in. */
  readonly role?: "admin";
  readonly run: (ctx: Ctx, given: z.output<Schema>) => Promise<unknown>;
}

export type Operations = Readonly<Record<string, Operation>>;

/** Keeps the type of the parameters for `run`. */
export function operation<Schema extends z.ZodType>(one: Operation<Schema>): Operation {
  return one as unknown as Operation;
}

export type Actions = Record<string, (ctx: Ctx) => Promise<unknown>>;

/** The actions of a family. They are checked and allowed here, whoever calls. */
export function actionsOf(family: string, operations: Operations): Actions {
  const perform = (one: Operation, ctx: Ctx, given: unknown): Promise<unknown> => {
    const { user } = ctx.meta;
    if (one.role !== undefined && user !== undefined && user.role !== one.role) {
      throw new ApiumError("FORBIDDEN", `this needs the role ${one.role}; yours is ${user.role}`);
    }
    return one.run(ctx, parseParams(one.params, given));
  };
  const each = Object.entries(operations).map(
    ([what, one]) => [`${family}.${what}`, async (ctx: Ctx) => perform(one, ctx, ctx.params)] as const,
  );
  return {
    ...Object.fromEntries(each),
    async [family](ctx: Ctx) {
      const { what, ...given } = (ctx.params ?? {}) as { what?: unknown };
      const one = Object.hasOwn(operations, String(what)) ? operations[String(what)] : undefined;
      if (one !== undefined) return perform(one, ctx, given);
      throw new ApiumError(
        "NOT_FOUND",
        `there is no ${family} "${what}"; there are ${Object.keys(operations).join(", ")}`,
      );
    },
  };
}
