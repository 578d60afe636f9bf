// The schema whole, priced: a row costs its fields, so that a phone's usual sync is far below the limit and a request for
// everything at once is far above it.
import { buildSchema, type GraphQLField, type GraphQLSchema } from "graphql";
import type { Queryable } from "../../../database/index.ts";
import { type CopiedTables, copiesSdl } from "./copies.ts";
import { SDL } from "./sdl.ts";

/** A list of so many rows costs as much as one set of its fields. */
const ROWS_PER_COST = 20;
const DEFAULT_ROWS = 500;

interface Priced {
  readonly args: Readonly<Record<string, unknown>>;
  readonly childComplexity: number;
}

/** @param store - whose catalogue says what the columns are. */
export async function mobileSchema(store: Queryable, tables: CopiedTables): Promise<GraphQLSchema> {
  const schema = buildSchema(`${SDL}\n${await copiesSdl(store, tables)}`);
  const fields = schema.getQueryType()?.getFields() ?? {};
  for (const name of Object.keys(tables)) {
    const field = fields[name] as GraphQLField<unknown, unknown>;
    field.extensions = {
      complexity: ({ args, childComplexity }: Priced) => {
        const rows = typeof args.limit === "number" ? args.limit : DEFAULT_ROWS;
        return 1 + Math.ceil((Math.max(rows, 1) / ROWS_PER_COST) * Math.max(childComplexity, 1));
      },
    };
  }
  return schema;
}
