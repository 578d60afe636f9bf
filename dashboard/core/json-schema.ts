// What a JSON Schema says to whoever writes such a value by hand: an example of it, and its fields in a line each. Of the
// language only what describes plain values is understood; what is not is left for the system to refuse.

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly description?: string;
}

export interface SchemaField {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: string | undefined;
}

const MOST_DEPTH = 6;
const FORMATS: Readonly<Record<string, string>> = {
  "date-time": "2026-01-31T12:00:00Z",
  date: "2026-01-31",
  email: "somebody@example.org",
  uuid: "00000000-0000-7000-8000-000000000000",
  uri: "https://example.org",
};

/** Required fields, and those with a default. */
export function exampleOf(schema: unknown): unknown {
  return example(schemaOf(schema), 0);
}

/** Of an object; of anything else none. */
export function fieldsOf(schema: unknown): readonly SchemaField[] {
  const { properties = {}, required = [] } = schemaOf(schema);
  return Object.entries(properties).map(([name, field]) => ({
    name,
    type: typeOf(field),
    isRequired: required.includes(name) && field.default === undefined,
    description: field.description,
  }));
}

function example(schema: Schema, depth: number): unknown {
  if (schema.default !== undefined) return schema.default;
  if (schema.examples?.[0] !== undefined) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const [first] = schema.anyOf ?? schema.oneOf ?? [];
  if (first !== undefined) return example(first, depth + 1);
  const [type] = typesOf(schema);
  if (type === "object" && depth < MOST_DEPTH) return exampleObject(schema, depth);
  if (type === "array") return [];
  if (type === "integer" || type === "number") return schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 1;
  if (type === "boolean") return false;
  if (type === "string") return FORMATS[schema.format ?? ""] ?? "";
  return type === "null" ? null : {};
}

function exampleObject({ properties = {}, required = [] }: Schema, depth: number): object {
  const shown = Object.entries(properties).filter(
    ([name, field]) => required.includes(name) || field.default !== undefined,
  );
  return Object.fromEntries(shown.map(([name, field]) => [name, example(field, depth + 1)]));
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(" | ");
  const types = typesOf(schema).map((type) => (type === "array" ? `${typeOf(schema.items ?? {})}[]` : type));
  const format = schema.format === undefined ? "" : ` (${schema.format})`;
  return `${types.join(" | ") || "anything"}${format}${rangeOf(schema)}`;
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: Schema): string {
  // Zod says of each whole number that it can be kept exactly; that is no news.
  const isTold = (bound: number | undefined) => bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  const low = isTold(minimum) ? `≥ ${minimum}` : isTold(exclusiveMinimum) ? `> ${exclusiveMinimum}` : "";
  const high = isTold(maximum) ? `≤ ${maximum}` : "";
  const range = [low, high].filter((part) => part !== "").join(", ");
  return range === "" ? "" : ` ${range}`;
}

function typesOf({ type, properties }: Schema): readonly string[] {
  if (type === undefined) return properties === undefined ? [] : ["object"];
  return typeof type === "string" ? [type] : type;
}

function schemaOf(schema: unknown): Schema {
  return typeof schema === "object" && schema !== null ? schema : {};
}
