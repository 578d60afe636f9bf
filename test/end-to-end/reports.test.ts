/** Reports as people get them: ordered over REST, downloaded from the command line, the same rows in each format. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "csv-parse/sync";
import { eventually } from "../support/backends.ts";
import { runCommand } from "../support/command-line.ts";
import { adminToken, client, type Program, start } from "../support/programs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Run {
  readonly id: number;
  readonly state: string;
  readonly rows: number;
  readonly bytes: number;
  readonly fileName: string;
}

describe("reports, from a fresh start", () => {
  const folder = temporaryFolder();
  const files = mkdtempSync(join(tmpdir(), "apium-reports-"));
  let program: Program;
  let api: ReturnType<typeof client>;
  beforeAll(async () => {
    const SERVICES = "gateway,facility,jobs,tickets,reports,email";
    program = await start({ DATA_DIR: folder.path, SERVICES });
    api = client(program.url, adminToken(folder.path));
  }, 400_000);
  afterAll(async () => {
    await program.stop();
    folder.remove();
    rmSync(files, { recursive: true });
  }, 400_000);

  const apium = (...words: string[]) => runCommand({ url: program.url, token: adminToken(folder.path) }, words);
  const from = new Date(Date.now() - 3_600_000).toISOString();
  const upto = new Date(Date.now() + 25 * 3_600_000).toISOString();
  const order = async (report: string, format: string, params: object): Promise<Run> => {
    const { status, body } = await api.post("/reports", { report, format, params });
    expect([report, format, status]).toEqual([report, format, 202]);
    const { id } = body as unknown as Run;
    return eventually(async () => {
      const run = (await api.get(`/reports/${id}`)).body as unknown as Run;
      return run.state !== "QUEUED" && run.state !== "RUNNING" && run;
    }, 180_000);
  };

  test("tickets of the demo, in every format", async () => {
    await eventually(
      async () => ((await api.get("/jobneeds?siteId=1")).body as { items: object[] }).items.length > 0,
      90_000,
    );
    for (const format of ["pdf", "xlsx", "csv", "json", "html"]) {
      const run = await order("LISTOFTICKETS", format, { siteIds: "all", from, upto });
      expect([format, run.state, run.rows]).toEqual([format, "READY", 4]);
      const response = await fetch(`${program.url}/api/v1/reports/${run.id}/file`, {
        headers: { Authorization: `Bearer ${adminToken(folder.path)}` },
      });
      expect(response.headers.get("content-disposition")).toContain(run.fileName);
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(bytes).toHaveLength(run.bytes);
      if (format === "pdf") expect(bytes.subarray(0, 5).toString()).toBe("%PDF-");
      if (format === "json") {
        const { sections } = JSON.parse(bytes.toString()) as { sections: { rows: object[] }[] };
        expect(sections[0]?.rows).toHaveLength(4);
      }
      if (format === "html") expect(bytes.toString()).toContain("Lift 2 in tower B stops");
    }
  }, 400_000);

  test("the command line orders, waits and keeps the file", async () => {
    const out = join(files, "tasks.csv");
    const words = ["--format", "csv", "--param", "siteIds=[1]", "--from", from, "--upto", upto, "--out", out];
    const { code, error } = await apium("reports", "order", "LISTOFTASKS", ...words);
    expect([code, error]).toEqual([0, ""]);
    const rows = parse(readFileSync(out), { bom: true, relax_column_count: true }) as string[][];
    expect(rows.some((row) => row.includes("Hourly guard check"))).toBe(true);
    const listed = await apium("reports", "list");
    expect(listed.out).toMatch(/LISTOFTASKS +csv +READY/);
    expect((await apium("reports", "catalogue")).out).toMatch(/TASKSUMMARY +\S/);
    expect((await apium("reports", "catalogue", "TASKSUMMARY")).out).toMatch(/siteIds +required/);
  }, 400_000);

  test("wrong questions are refused with the field", async () => {
    const fieldsOf = async (body: object) => {
      const answer = await api.post("/reports", body);
      const { error } = answer.body as { error: { code: string; fields?: { field: string }[] } };
      return [answer.status, error.code, error.fields?.[0]?.field];
    };
    const good = { siteIds: [1], from, upto };
    expect(await fieldsOf({ report: "NOTHING" })).toEqual([422, "PARAMS_INVALID", "report"]);
    expect(await fieldsOf({ report: "TASKSUMMARY", format: "doc" })).toEqual([422, "PARAMS_INVALID", "format"]);
    expect(await fieldsOf({ report: "TASKSUMMARY", params: { ...good, from: upto } })).toEqual([
      ...[422, "PARAMS_INVALID", "params.upto"],
    ]);
    expect(await fieldsOf({ report: "TASKSUMMARY", params: { ...good, siteIds: ["1; drop table site"] } })).toEqual([
      ...[422, "PARAMS_INVALID", expect.stringMatching(/^params\.siteIds/)],
    ]);
    expect((await api.get("/reports/999999/file")).status).toBe(404);
  }, 400_000);

  test("a period without rows has no file, and says so", async () => {
    const run = await order("LISTOFTICKETS", "pdf", {
      siteIds: [1],
      from: "2001-01-01T00:00:00Z",
      upto: "2001-01-02T00:00:00Z",
    });
    expect(run.state).toBe("NO_DATA");
    const { status, body } = await api.get(`/reports/${run.id}/file`);
    expect([status, (body as { error: { code: string } }).error.code]).toEqual([409, "REPORT_NOT_READY"]);
  }, 400_000);
});
