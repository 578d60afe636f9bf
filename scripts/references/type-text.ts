// What a schema takes, in a line a reader of TypeScript understands: `{ id: integer, level?: integer }`.
import { z } from "zod";

interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly default?: unknown;
  readonly format?: string;
}

export function typeText(schema: z.ZodType): string {
  return text(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema);
}

function text(schema: JsonSchema): string {
  const { properties, additionalProperties, items } = schema;
  const choices = schema.anyOf ?? schema.oneOf ?? schema.enum?.map((value) => ({ const: value }));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (choices !== undefined) return choices.map(text).join(" | ");
  if (typeof schema.type === "object") return schema.type.join(" | ");
  if (schema.type === "array") return listText(items === undefined ? "any" : text(items));
  if (properties !== undefined) return objectText(properties, schema.required ?? []);
  if (typeof additionalProperties === "object") return `{ [name]: ${text(additionalProperties)} }`;
  if (schema.format === "date-time") return "instant";
  if (schema.$ref !== undefined) return "JSON";
  return schema.type ?? "any";
}

function listText(item: string): string {
  return item.includes(" | ") ? `(${item})[]` : `${item}[]`;
}

function objectText(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[]): string {
  const fields = Object.entries(properties).map(([name, field]) => {
    const preset = field.default === undefined ? "" : ` = ${JSON.stringify(field.default)}`;
    return `${name}${required.includes(name) ? "" : "?"}: ${text(field)}${preset}`;
  });
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}
