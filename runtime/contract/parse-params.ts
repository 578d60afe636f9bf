// Checks what comes from outside (an action's parameters, a request) against a schema, once, with the fields named.
import type { z } from "zod";
import { ApiumError } from "./errors.ts";

/** @throws ApiumError `PARAMS_INVALID`. */
export function parseParams<Schema extends z.ZodType>(schema: Schema, params: unknown): z.output<Schema> {
  const parsed = schema.safeParse(params ?? {});
  if (parsed.success) return parsed.data;
  throw new ApiumError("PARAMS_INVALID", "the request is not valid", {
    fields: parsed.error.issues.map((issue) => ({
      field: issue.code === "unrecognized_keys" ? issue.keys.join(", ") : issue.path.map(String).join("."),
      message: issue.message,
    })),
  });
}
