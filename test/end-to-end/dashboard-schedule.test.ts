/** What the page of a schedule says of why it does not fire: what the system explains, what is found of schedules, and nothing of its own. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { describeInBrowser } from "../support/browser.ts";
import { type Program, start } from "../support/programs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TOKEN = "admin-token-of-the-test-suite";

describeInBrowser("the page of a schedule", (visit) => {
  const folder = temporaryFolder();
  let program: Program;
  beforeAll(async () => {
    program = await start({ DATA_DIR: folder.path, API_TOKENS: `admin:${TOKEN}` });
  }, 400_000);
  afterAll(async () => {
    await program.stop();
    folder.remove();
  }, 400_000);

  const send = async (method: string, path: string, body: object) => {
    const response = await fetch(`${program.url}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    expect([path, response.ok]).toEqual([path, true]);
  };

  test("tells what stands in its way and what to do, and nothing where nothing does", async () => {
    const task = "auto_close_jobs";
    await send("POST", "/schedules", { name: "asked", task, every: "1h" });
    await send("POST", "/schedules", { name: "nobodys", task: "nobody_has_it", every: "1h" });
    await send("POST", "/schedules", { name: "often", task, cron: "* * * * *", startAt: "2099-01-01T00:00:00Z" });
    const { page, close, complaints } = await visit({ url: program.url, token: TOKEN });
    const notes = page.getByRole("list", { name: "What is to be known about it" });
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    try {
      await page.goto("/schedules/often");
      await notes.getByText('"* * * * *" fires in every minute').waitFor();
      // The whole doctor would ask every process and every server.
      expect(asked).toContain("/api/v1/doctor/schedules");
      expect(asked).not.toContain("/api/v1/doctor");
      await page.goto("/schedules/nobodys");
      await notes.getByText('No task "nobody_has_it" is defined, so none of its slots can run.').waitFor();
      await notes.getByText("Correct the task's name").waitFor();
      await page.goto("/schedules/asked");
      await page.getByRole("heading", { level: 1, name: /asked/ }).waitFor();
      await send("PATCH", "/schedules/asked", { enabled: false });
      await page.reload();
      await notes.getByText(/It is switched off, so nothing fires; it was changed last at .* by admin/).waitFor();
      await send("PATCH", "/schedules/asked", { enabled: true });
      await page.reload();
      await page.getByRole("heading", { level: 1, name: /asked/ }).waitFor();
      await notes.getByText(/switched off/).waitFor({ state: "detached" });
      expect(complaints).toEqual([]);
    } finally {
      await close();
    }
  }, 400_000);
});
