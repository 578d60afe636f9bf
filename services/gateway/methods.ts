// An address that exists, asked with a method it does not have. Read from the router's own table, so the two cannot differ.
import { ApiumError, codeOf } from "../../runtime/index.ts";
import type { Request, Response } from "./request.ts";

/**
 * METHOD_NOT_ALLOWED in place of the router's own "not found", where the address has other methods; `allow` names them.
 * What an action did not find, it did not find.
 */
export function refusalOf(error: unknown, request: Request, response: Response): unknown {
  if (codeOf(error) !== undefined || (error as { name?: unknown } | null)?.name !== "NotFoundError") return error;
  const { aliases = [] } = request.$service ?? {};
  const methods = aliases.filter((alias) => alias.match(request.parsedUrl ?? "") !== false);
  if (methods.length === 0 || methods.some(({ method }) => method === request.method)) return error;
  const allowed = [...new Set(methods.map(({ method }) => method))].sort().join(", ");
  response.setHeader("Allow", allowed);
  return new ApiumError("METHOD_NOT_ALLOWED", `there is no ${request.method} here, only ${allowed}`);
}
