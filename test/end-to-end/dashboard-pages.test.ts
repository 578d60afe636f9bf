/** Every page of the dashboard over a system at work, on a desk and on a phone; with SCREENSHOTS its pictures for docs/dashboard.md. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { eventually } from "../support/backends.ts";
import { describeInBrowser, picture } from "../support/browser.ts";
import { PAUSED_QUEUE, type Scene, setScene } from "../support/dashboard-scene.ts";
import { client, type Program, start } from "../support/programs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TOKEN = "admin-token-of-the-pages";

interface Look {
  readonly address: string;
  readonly title: string | RegExp;
  /** Its picture's name, without which none is kept. */
  readonly name?: string;
  /** There is a picture of the phone, too; or of the desk in the dark. */
  readonly also?: "phone" | "dark";
  readonly prepare?: (page: Page) => Promise<void>;
}

describeInBrowser("the dashboard's pages", (visit) => {
  const folder = temporaryFolder();
  let program: Program;
  let scene: Scene;

  beforeAll(async () => {
    program = await start({ DATA_DIR: folder.path, API_TOKENS: `admin:${TOKEN}` });
    scene = await setScene(client(program.url, TOKEN));
  }, 400_000);
  afterAll(async () => {
    await program.stop();
    folder.remove();
  }, 400_000);

  const looks = (): readonly Look[] => [
    { address: "/?window=15m", title: "Overview", name: "overview", also: "phone" },
    { address: "/tasks", title: "Tasks", name: "tasks", also: "phone" },
    { address: "/tasks?state=FAILURE", title: "Tasks", name: "tasks-failed" },
    { address: `/tasks/${scene.failed}`, title: /process_chunk/, name: "task-failed", also: "dark" },
    { address: `/tasks/${scene.parent}`, title: /process_large_dataset/, name: "task-parent" },
    { address: `/tasks/${scene.mailed}`, title: /send_ticket_email/, name: "task", also: "phone" },
    { address: `/tasks/${scene.retried}`, title: /process_chunk/ },
    { address: "/dead-letters", title: "Dead letters", name: "dead-letters", also: "phone" },
    { address: `/dead-letters/${scene.letter}`, title: /send_ticket_email/, name: "dead-letter", prepare: edit },
    { address: "/queues", title: "Queues", name: "queues", also: "phone" },
    { address: `/queues/${PAUSED_QUEUE}?window=15m`, title: PAUSED_QUEUE, name: "queue" },
    { address: "/workers", title: "Workers", name: "workers" },
    { address: `/workers/${scene.worker}`, title: scene.worker, name: "worker" },
    { address: "/schedules", title: "Schedules", name: "schedules", also: "phone" },
    { address: `/schedules/${scene.schedule}`, title: scene.schedule, name: "schedule" },
    { address: "/schedules?new=1", title: "Schedules", name: "schedule-editor", prepare: draft },
    { address: "/cache", title: "Cache", name: "cache" },
    { address: "/audit", title: "Audit", name: "audit" },
    { address: "/settings", title: "Settings", name: "settings" },
    { address: "/settings?tab=types", title: "Settings", name: "settings-types" },
    { address: "/settings?tab=tenants", title: "Settings" },
    { address: "/settings?tab=configuration", title: "Settings" },
    { address: "/settings?tab=doctor", title: "Settings", name: "settings-doctor" },
    { address: "/settings?tab=about", title: "Settings", name: "settings-about" },
    { address: "/sites", title: "Sites", name: "sites" },
    { address: "/sites/1", title: "Bengaluru Campus", name: "site" },
    { address: "/jobs", title: "Jobs", name: "jobs" },
    { address: "/jobs/1", title: "Hourly guard check", name: "job" },
    { address: "/tickets", title: "Tickets", name: "tickets", also: "phone" },
    { address: "/tickets/1", title: /Ticket/, name: "ticket" },
    { address: "/reports", title: "Reports", name: "reports" },
    { address: "/mailbox", title: "Mailbox", name: "mailbox", also: "phone", prepare: read },
  ];

  describe.each([
    ["on a desk", 1280, false],
    ["on a phone, in the dark", 390, true],
  ] as const)("%s", (_where, width, isDark) => {
    test("are there without a complaint and without anything cut off at their side", async () => {
      const { page, complaints, close } = await visit({ url: program.url, token: TOKEN, width, isDark });
      for (const { address, title, name, also, prepare } of looks()) {
        await page.goto(address);
        await page.getByRole("heading", { level: 1, name: title }).waitFor();
        await page.waitForLoadState("load");
        await eventually(async () => (await page.getByLabel("Loading").count()) === 0);
        await prepare?.(page);
        const overhang = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
        expect({ address, overhang: Math.max(0, overhang) }).toEqual({ address, overhang: 0 });
        if (name === undefined) continue;
        if (width >= 600) await picture(page, name);
        else if (also === "phone") await picture(page, `${name}-phone`);
      }
      expect(complaints).toEqual([]);
      await close();
    }, 900_000);
  });

  test("are dark at a desk, too, and begin with the login", async () => {
    const { page, close } = await visit({ url: program.url, token: TOKEN, isDark: true });
    for (const { address, title, name } of looks().filter(({ name, also }) => also === "dark" || name === "overview")) {
      await page.goto(address);
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
      await eventually(async () => (await page.getByLabel("Loading").count()) === 0);
      expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(13, 18, 16)");
      await picture(page, `${name}-dark`);
    }
    await close();
    const stranger = await visit({ url: program.url });
    await stranger.page.goto("/login");
    await stranger.page.getByLabel("Access token").waitFor();
    await picture(stranger.page, "login");
    await stranger.close();
  }, 300_000);
});

async function edit(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Edit and run again" }).click();
  await page.getByLabel("The new task's parameters").waitFor();
}

async function draft(page: Page): Promise<void> {
  const editor = page.getByRole("dialog", { name: "New schedule" });
  await editor.getByLabel("Name").fill("mail_on_weekdays");
  await editor.getByLabel("Cron expression").fill("30 6 * * mon-fri");
  await editor.getByLabel("Task", { exact: true }).fill("send_ticket_email");
  // The words are there at once, the slots when they have been asked for.
  await editor.getByRole("listitem").filter({ hasText: "06:30" }).first().waitFor();
}

/** What is in a frame comes after the page; the newest mail is the demo's reminder on Sundays. */
async function read(page: Page): Promise<void> {
  if ((page.viewportSize()?.width ?? 0) < 600) return;
  await page
    .getByRole("navigation", { name: "Mails" })
    .getByText(/Lift 2/)
    .first()
    .click();
  await page
    .frameLocator("iframe")
    .getByText(/Lift 2/)
    .filter({ visible: true })
    .first()
    .waitFor();
}
