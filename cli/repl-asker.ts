// In whose name the REPL calls on the bus. Moleculer's own commands (`call`, `dcall`, `emit`, …) pass no gateway, so what it
// does is done here: each call carries who the token is, for the audit and for the actions that look at it, and needs the
// role that its address needs over HTTP. What has no address there, events among it, is an admin's. This keeps names right
// and mistakes small; it is no wall: whoever may publish on the bus can leave it out (SECURITY.md).
import type { CallingOptions, Middleware } from "moleculer";
import { type Answer, CliError, type Client, EXIT } from "./client.ts";

/** From the least to the most. */
const ROLES = ["viewer", "operator", "admin"];

export interface Asker {
  /** As the gateway tells it to actions (`ctx.meta.user`). */
  readonly user: { readonly name: string; readonly role: string };
  /** The role that an action's address needs, by the action. */
  readonly needed: ReadonlyMap<string, string>;
}

/** @throws CliError when the system does not say who the token is. */
export async function askerOf(client: Client): Promise<Asker> {
  const [{ name, role, clientId, personId }, { paths }] = await Promise.all([client.get("/me"), client.description()]);
  const operations: Answer[] = Object.values<Answer>(paths).flatMap((path) => Object.values(path));
  return {
    user: { name, role, ...(clientId === null ? {} : { clientId }), ...(personId === null ? {} : { personId }) },
    needed: new Map(operations.map((operation) => [operation.operationId, operation["x-role"]])),
  };
}

type Call = (action: string, params?: object, options?: CallingOptions) => Promise<unknown>;
type Tell = (event: string, ...rest: unknown[]) => unknown;

/** Marks what the REPL's broker calls, and refuses what the asker's role does not suffice for. */
export function InTheNameOf({ user, needed }: Asker): Middleware {
  const refuse = (role: string) => {
    if (ROLES.indexOf(user.role) >= ROLES.indexOf(role)) return;
    throw new CliError(EXIT.refused, "FORBIDDEN", `this needs the role ${role}; yours is ${user.role}`);
  };
  // Thrown at once: the REPL waits for no answer to an event.
  const telling = (next: Tell): Tell => {
    return (event, ...rest) => {
      refuse("admin");
      return next(event, ...rest);
    };
  };
  return {
    name: "InTheNameOf",
    call(next: Call): Call {
      return async (action, params, options = {}) => {
        refuse(roleOf(action, needed));
        // Of an import's own calls: what is typed is none.
        const { isPartOfImport: _, ...meta } = { ...options.meta };
        return next(action, params, { ...options, meta: { ...meta, user } });
      };
    },
    emit: telling,
    broadcast: telling,
  } as unknown as Middleware;
}

/** One of a family (`tasks.control.pause`) needs what the family's address needs; an admin's it asks for by itself. */
function roleOf(action: string, needed: Asker["needed"]): string {
  const role = needed.get(action) ?? needed.get(action.slice(0, action.lastIndexOf("."))) ?? "admin";
  return ROLES.includes(role) ? role : "admin";
}
