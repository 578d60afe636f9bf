/**
 * How reports read: short statements with a time-out, never a transaction held open while a page is drawn. A long list
 * is read in two steps, the ids in their order first (a few bytes each), then the rows a batch of ids at a time: what
 * belongs to the report is decided at one moment, and no lock, cursor or connection outlives a batch.
 */
import { type Database, type Parameter, plainArray } from "../../database/index.ts";

const TIMEOUT_MS = 60_000;
const BATCH = 1_000;

export interface ReportReader {
  /** @throws ApiumError `STORE_TIMEOUT` for a statement over its time. */
  all<Row>(text: string, parameters?: readonly Parameter[]): Promise<Row[]>;
  /**
   * `idsText` selects bigint ids in order; `rowsText` selects the rows of a batch: `$1::text::bigint[]` are its ids, other
   * parameters begin with `$2`. It joins `unnest($1::text::bigint[]) with ordinality as batch(id, place)` and orders by
   * `batch.place`.
   */
  batches<Row>(
    ids: { readonly text: string; readonly parameters: readonly Parameter[] },
    rows: { readonly text: string; readonly parameters?: readonly Parameter[] },
  ): AsyncIterable<Row[]>;
}

export function openReader(database: Database, timeoutMs = TIMEOUT_MS): ReportReader {
  async function all<Row>(text: string, parameters: readonly Parameter[] = []): Promise<Row[]> {
    return database.transaction(async (tx) => {
      await tx.query(`set local statement_timeout = ${Math.trunc(timeoutMs)}`);
      await tx.query("set local transaction read only");
      return (await tx.query<Row>(text, parameters)).rows;
    });
  }
  return {
    all,
    async *batches<Row>(
      ids: { readonly text: string; readonly parameters: readonly Parameter[] },
      rows: { readonly text: string; readonly parameters?: readonly Parameter[] },
    ) {
      const found = (await all<{ id: number }>(ids.text, ids.parameters)).map(({ id }) => id);
      for (let start = 0; start < found.length; start += BATCH) {
        const batch = found.slice(start, start + BATCH);
        yield await all<Row>(rows.text, [plainArray(batch), ...(rows.parameters ?? [])]);
      }
    },
  };
}
