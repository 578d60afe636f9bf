/** A facility out of files, from the command line: into a system that runs, with what an operator reads of it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { runCommand } from "../support/command-line.ts";
import { adminToken, client, type Program, start } from "../support/programs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const DEMO = join(import.meta.dirname, "../../examples/demo-facility");

describe("importing files", () => {
  const folder = temporaryFolder();
  const files = mkdtempSync(join(tmpdir(), "apium-files-"));
  let program: Program;
  beforeAll(async () => {
    program = await start({ DATA_DIR: folder.path, SERVICES: "gateway,facility,jobs,tickets" });
  }, 400_000);
  afterAll(async () => {
    await program.stop();
    folder.remove();
    rmSync(files, { recursive: true });
  }, 400_000);
  const apium = (...words: string[]) =>
    runCommand({ url: program.url, token: adminToken(folder.path) }, ["import", ...words]);

  test("the demo is there from the first start; its workbook changes nothing of it", async () => {
    const { code, out, error } = await apium(join(DEMO, "demo-facility.xlsx"), "--json");
    expect([code, error]).toEqual([0, ""]);
    const { state, counts } = JSON.parse(out) as { state: string; counts: Record<string, Record<string, number>> };
    expect(state).toBe("DONE");
    expect(Object.keys(counts)).toHaveLength(15);
    for (const [kind, one] of Object.entries(counts)) expect([kind, one.unchanged]).toEqual([kind, one.rows]);
    const { body } = await client(program.url, adminToken(folder.path)).get("/sites/1");
    expect(body).toMatchObject({ code: "BLR-01", timezone: "Asia/Kolkata" });
  }, 400_000);

  test("bad rows are shown with file, line, column and why; the exit code says refused", async () => {
    writeFileSync(join(files, "clients.csv"), "code,name,timezone\nACME,Acme,Europe/Berlin\n");
    writeFileSync(join(files, "sites.csv"), "code,name,timezone\nB-1,Berlin,Europe/Berlin\nB-2,Munich,Bavaria\n");
    const refused = await apium(files);
    expect(refused.code).toBe(1);
    expect(refused.out).toMatch(/sites +2 +1 +0 +0 +1/);
    expect(refused.out).toMatch(/sites\.csv:3 +timezone +Bavaria +"Bavaria" is not a time zone/);
    expect(refused.out).toMatch(/refused: nothing was kept/);
    const partly = await apium(files, "--skip-bad");
    expect([partly.code, partly.out]).toEqual([0, expect.stringMatching(/taken in without 1 bad row/)]);
  }, 400_000);

  test("files that cannot be read are told, each of them, before anything is sent", async () => {
    writeFileSync(join(files, "sites.csv"), "code,code\n1,2\n");
    writeFileSync(join(files, "people.csv"), "");
    const { code, error } = await apium(files);
    expect(code).toBe(1);
    expect(error).toMatch(/people\.csv line 1: is empty/);
    expect(error).toMatch(/sites\.csv line 1: the column code stands there twice/);
    expect((await apium(join(files, "none.csv"))).error).toMatch(/is not there/);
  }, 400_000);

  test("what a file may have is listed", async () => {
    const { out } = await apium("columns", "jobs");
    expect(out).toMatch(/cron +text +five fields in the site's time/);
  }, 400_000);
});
