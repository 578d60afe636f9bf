// Kysely on top of the database port, so that one query builder serves both engines and, inside a transaction, the
// transaction's own connection. Kysely's own transactions are refused: `Database.transaction` is the only one.
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult as KyselyResult } from "kysely";
import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from "kysely";
import { ApiumError } from "../runtime/contract/errors.ts";
import type { Parameter, QueryResult } from "./database.ts";

type Run = (text: string, parameters: readonly Parameter[]) => Promise<QueryResult<unknown>>;

export function kyselyOver<Schema>(run: Run): Kysely<Schema> {
  const connection: DatabaseConnection = {
    async executeQuery<Row>(compiled: CompiledQuery): Promise<KyselyResult<Row>> {
      const result = await run(compiled.sql, compiled.parameters as readonly Parameter[]);
      return { rows: result.rows as Row[], numAffectedRows: BigInt(result.affected) };
    },
    // biome-ignore lint/correctness/useYield: the interface asks for a generator; streaming is not offered.
    async *streamQuery() {
      throw new ApiumError("INTERNAL", "streaming through Kysely is not offered; page with a cursor");
    },
  };
  const driver: Driver = {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: refuseTransaction,
    commitTransaction: refuseTransaction,
    rollbackTransaction: refuseTransaction,
    releaseConnection: async () => {},
    destroy: async () => {},
  };
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

async function refuseTransaction(): Promise<void> {
  throw new ApiumError("INTERNAL", "use Database.transaction, not Kysely's");
}
