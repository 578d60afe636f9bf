/** What people of one client ask for is found by index, however many other clients there are. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SYNC_TABLES } from "../../services/facility/sync-tables.ts";
import { TAKE } from "../../services/jobs/auto-close-store.ts";
import { type Facility, openFacility } from "../support/facility.ts";

describe("the database", () => {
  let facility: Facility;
  beforeAll(async () => {
    facility = await openFacility("pglite");
  }, 400_000);
  afterAll(() => facility.backend.close());

  /** The columns of each index of a table. */
  async function indexesOf(table: string): Promise<string[]> {
    const rows = await facility.all<{ definition: string }>(
      "select indexdef as definition from pg_indexes where tablename = $1",
      [table],
    );
    return rows.map(({ definition }) => /\(([^)]*)\)/.exec(definition)?.[1] ?? "");
  }

  /** How the planner would go about it if reading whole tables were dear, as it is where they are large. */
  async function planOf(text: string): Promise<string> {
    return facility.database.transaction(async (tx) => {
      await tx.query("set local enable_seqscan = off");
      await tx.query("set local enable_bitmapscan = off");
      const { rows } = await tx.query<Record<string, string>>(`explain (costs off) ${text}`);
      return rows.flatMap((row) => Object.values(row)).join("\n");
    });
  }

  test.each(Object.values(SYNC_TABLES).map(({ table }) => table))(
    "has the changes of a client in order: %s",
    async (table) => {
      expect(await indexesOf(table)).toContain("client_id, changed_in, id");
    },
  );

  test("has what is gone of a client in order", async () => {
    expect(await indexesOf("deleted_row")).toContain("client_id, table_name, changed_in, id");
  });

  test("goes on behind the last occurrence that was closed without sorting", async () => {
    const text = TAKE.text
      .replace("$1", "'2026-01-01T05:00:00Z'")
      .replace("$2", "'2026-01-01T03:00:00Z'")
      .replace("$3", "7")
      .replace("$4", "200");
    const plan = await planOf(text);
    expect(plan).toMatch(/jobneed_unfinished[\s\S]*Index Cond: .*ROW\(expiry_at, id\) > ROW/);
    expect(plan).not.toContain("Sort");
    expect(await indexesOf("jobneed")).not.toContain("expiry_at");
  });

  test("finds the matrix of a job by the job", async () => {
    expect(await planOf("select 1 from escalation_matrix where job_id = 7 and enabled")).toContain(
      "escalation_matrix_job",
    );
  });
});
