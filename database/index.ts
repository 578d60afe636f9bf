export { instantArray, numberArray, plainArray, textArray } from "./array-literal.ts";
export { BatchWriter, type WriteBatch } from "./batch-writer.ts";
export { byIndex } from "./by-index.ts";
export { containing } from "./containing.ts";
export { lockDataDir } from "./data-dir-lock.ts";
export type {
  Database,
  Deputy,
  Duty,
  Parameter,
  Queryable,
  QueryResult,
  Statement,
  Tables,
  Transaction,
} from "./database.ts";
export { type MigrationRoom, migrate } from "./migrate.ts";
export { inSavepoint, nestedIn } from "./nested.ts";
export { detached } from "./open-transaction.ts";
export { openPGlite, type PGliteOptions } from "./pglite.ts";
export { openPostgres, type PostgresOptions } from "./postgres.ts";
export { isTransient } from "./store-error.ts";
