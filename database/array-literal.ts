// PostgreSQL array literals (https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO). A list goes as one text
// parameter and is cast in the statement: `unnest($1::text::uuid[])`. Both drivers then do the same cheap thing.

/** Values that need no quoting: UUIDs, numbers, booleans. */
export function plainArray(values: readonly (string | number | boolean)[]): string {
  return `{${values.join(",")}}`;
}

/** Any texts, JSON among them; `undefined` and `null` become NULL. */
export function textArray(values: readonly (string | null | undefined)[]): string {
  let literal = "{";
  for (let index = 0; index < values.length; index++) {
    if (index > 0) literal += ",";
    const value = values[index];
    literal += value === undefined || value === null ? "NULL" : quoted(value);
  }
  return `${literal}}`;
}

/** Numbers or NULL. */
export function numberArray(values: readonly (number | null | undefined)[]): string {
  return `{${values.map((value) => value ?? "NULL").join(",")}}`;
}

/** Instants given in milliseconds since the epoch, or NULL. */
export function instantArray(values: readonly (number | null | undefined)[]): string {
  return `{${values.map((value) => (value === undefined || value === null ? "NULL" : `"${new Date(value).toISOString()}"`)).join(",")}}`;
}

const SPECIAL = /["\\]/;
const ALL_SPECIAL = /["\\]/g;

function quoted(value: string): string {
  return SPECIAL.test(value) ? `"${value.replace(ALL_SPECIAL, "\\$&")}"` : `"${value}"`;
}
