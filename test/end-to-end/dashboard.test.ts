/** The dashboard in a real browser, against the product as it is started: signing in, seeing what happens, asking before it acts. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { eventually } from "../support/backends.ts";
import { describeInBrowser, type VisitOptions } from "../support/browser.ts";
import { client, type Program, start } from "../support/programs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TOKENS = {
  viewer: "viewer-token-of-the-test",
  operator: "operator-token-of-the-test",
  admin: "admin-token-of-the-test-suite",
};
const TICKET = { siteId: 1, description: "Lift 2 is stuck", priority: "HIGH", assignedToPersonId: 1 };

describeInBrowser("the dashboard", (visit) => {
  const folder = temporaryFolder();
  let program: Program;
  let api: ReturnType<typeof client>;
  let mailed = "";

  beforeAll(async () => {
    program = await start({
      DATA_DIR: folder.path,
      API_TOKENS: Object.entries(TOKENS)
        .map(([role, token]) => `${role}:${token}`)
        .join(","),
    });
    api = client(program.url, TOKENS.admin);
    const lost = await api.post("/tasks", {
      name: "send_ticket_email",
      params: { ticketId: 987_654, event: "created" },
    });
    const { body } = await api.post("/tickets", TICKET);
    mailed = String(body.emailTaskId);
    // Of a ticket that does not exist: a dead letter at once.
    await endOf(String(lost.body.id));
    await endOf(mailed);
  }, 400_000);
  afterAll(async () => {
    await program.stop();
    folder.remove();
  }, 400_000);

  const endOf = (id: string) =>
    eventually(async () => {
      const { body } = await api.get(`/tasks/${id}`);
      return ["SUCCESS", "FAILURE", "REVOKED"].includes(String(body.state)) ? String(body.state) : undefined;
    }, 180_000);

  /** Visits under a token, and is sure afterwards that the page had nothing to complain about but what was expected. */
  async function on(
    role: keyof typeof TOKENS,
    { expected, ...options }: Partial<VisitOptions> & { readonly expected?: RegExp },
    look: (page: Page) => Promise<void>,
  ) {
    const visited = await visit({ url: program.url, token: TOKENS[role], ...options });
    try {
      await look(visited.page);
      expect(visited.complaints.filter((complaint) => expected?.test(complaint) !== true)).toEqual([]);
    } finally {
      await visited.close();
    }
  }

  const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { level: 1, name }).waitFor();

  test("sends a stranger to the login page, and after it to where they wanted to go", async () => {
    const { page, close } = await visit({ url: program.url });
    await page.goto("/queues/email");
    expect(new URL(page.url()).pathname).toBe("/login");
    await page.getByLabel("Access token").fill("not-a-token-of-this-system");
    await page.getByRole("button", { name: "Sign in" }).first().click();
    await page.waitForURL(/\/login\?again$/);
    await page.getByText("That is not known here").waitFor();
    await page.getByLabel("Access token").fill(TOKENS.viewer);
    await page.getByRole("button", { name: "Sign in" }).first().click();
    await heading(page, "email");
    expect(new URL(page.url()).pathname).toBe("/queues/email");
    // A session that ends under an open page leads back to it, too.
    await page.context().clearCookies();
    await page.waitForURL("**/login");
    await page.getByLabel("Access token").fill(TOKENS.viewer);
    await page.getByRole("button", { name: "Sign in" }).first().click();
    await heading(page, "email");
    await close();
  });

  test("does not offer to a viewer what they may not do", async () => {
    await on("viewer", {}, async (page) => {
      await page.goto("/queues");
      await page.getByRole("cell", { name: "email", exact: true }).waitFor();
      expect(await page.getByRole("button", { name: /Pause|Purge/ }).count()).toBe(0);
    });
  });

  test("pauses a queue and opens it again, under the name of who did it", async () => {
    await on("operator", {}, async (page) => {
      await page.goto("/queues/reports");
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByText(/Paused by session:/).waitFor();
      const { body } = await api.get("/queues");
      expect(body.items).toContainEqual(expect.objectContaining({ name: "reports", pausedAt: expect.any(String) }));
      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByText("Open", { exact: true }).waitFor();
    });
    // A row of the audit follows its change, which the page may show before it is answered.
    await eventually(async () => {
      const { body } = await api.get("/audit?action=queue&limit=2");
      expect(body.items).toMatchObject([
        { action: "queue.resume", target: "reports", role: "operator" },
        { action: "queue.pause", target: "reports", role: "operator" },
      ]);
      return true;
    });
  });

  test("shows what happens without being loaded again", async () => {
    await on("viewer", {}, async (page) => {
      await page.goto("/tickets");
      await heading(page, "Tickets");
      await page.getByTitle("Live: what happens shows at once").waitFor();
      await api.post("/tickets", { ...TICKET, description: "The gate does not close" });
      await page.getByText("The gate does not close").waitFor();
    });
  });

  test("opens a ticket, whose mail is in the mailbox as its reader sees it", async () => {
    await on("operator", {}, async (page) => {
      await page.goto("/tickets");
      await page.getByRole("button", { name: "New ticket" }).click();
      const dialog = page.getByRole("dialog", { name: "New ticket" });
      await dialog.getByLabel("What is wrong").fill("Smoke in the server room");
      await dialog.getByLabel("Who looks after it").selectOption({ label: "Asha Rao" });
      await dialog.getByRole("button", { name: "Open it" }).click();
      await page.getByRole("link", { name: "Show" }).click();
      await heading(page, /Ticket BLR-01#/);
      await page.goto("/mailbox");
      await page.getByRole("navigation", { name: "Mails" }).getByText("Smoke in the server room").click();
      await page
        .frameLocator("iframe")
        .getByText("Smoke in the server room")
        .filter({ visible: true })
        .first()
        .waitFor();
    });
  });

  test("keeps a ticket that is being written from a press beside it, and says in it what is refused", async () => {
    const refused = /status of 4\d\d .*\/api\/v1\/tickets$/;
    await on("operator", { expected: refused }, async (page) => {
      await page.setViewportSize({ width: 900, height: 330 });
      await page.goto("/tickets");
      await page.getByRole("button", { name: "New ticket" }).click();
      const dialog = page.getByRole("dialog", { name: "New ticket" });
      await dialog.getByLabel("What is wrong").fill("Half a");
      // The dialog does not scroll itself: a press on its scrollbar would be one on the dialog, which is what lies beside it.
      const scrolls = (of: string) =>
        page.locator(of).evaluate(({ scrollHeight, clientHeight }) => scrollHeight > clientHeight);
      expect([await scrolls("dialog"), await scrolls("dialog > .dialog")]).toEqual([false, true]);
      await page.mouse.click(5, 5);
      expect(await dialog.getByLabel("What is wrong").inputValue()).toBe("Half a");
      await dialog.getByLabel("What is wrong").fill("x".repeat(100_000));
      await dialog.getByRole("button", { name: "Open it" }).click();
      await dialog
        .getByText(/description/)
        .first()
        .waitFor();
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "hidden" });
      await eventually(async () => (await page.evaluate("document.activeElement.textContent")) === "New ticket");
    });
  });

  test("asks before a ticket is cancelled for good", async () => {
    const { body } = await api.post("/tickets", { ...TICKET, description: "Nobody shall cancel this" });
    await on("operator", {}, async (page) => {
      await page.goto(`/tickets/${String(body.id)}`);
      await page.getByRole("button", { name: "Cancel the ticket" }).click();
      const dialog = page.getByRole("dialog", { name: "Cancel the ticket?" });
      await dialog.getByRole("button", { name: "Not now" }).click();
      await dialog.waitFor({ state: "hidden" });
      expect((await api.get(`/tickets/${String(body.id)}`)).body.status).toBe("NEW");
      await page.getByRole("button", { name: "Cancel the ticket" }).click();
      await dialog.getByRole("button", { name: "Cancel the ticket" }).click();
      await page.getByText("Cancelled", { exact: true }).first().waitFor();
    });
  });

  test("waits for a slow answer, and says when there is none", async () => {
    await on("viewer", {}, async (page) => {
      // Where nothing asks for the queues.
      await page.goto("/audit");
      await heading(page, "Audit");
      let asked = 0;
      await page.route("**/api/v1/queues", () => {
        asked += 1;
      });
      await page.goto("/queues");
      await heading(page, "Queues");
      await page.getByTitle("Live: what happens shows at once").waitFor();
      await eventually(async () => asked === 1);
      // Things happen, of the first of which the page has heard when the second is over; the question under way goes on.
      for (let round = 0; round < 2; round += 1) {
        await endOf(String((await api.post("/tickets", TICKET)).body.emailTaskId));
      }
      expect(asked).toBe(1);
      await page.getByText(/has not answered for 15 seconds/).waitFor();
      await page.unroute("**/api/v1/queues");
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByRole("cell", { name: "email", exact: true }).waitFor();
    });
  }, 300_000);

  test("gives a change up that is not answered, and says that it may have been done", async () => {
    await on("operator", {}, async (page) => {
      // A change is waited for longer than a question: its time passes quicker here.
      await page.addInitScript(() => {
        const timeout = AbortSignal.timeout.bind(AbortSignal);
        AbortSignal.timeout = (ms) => timeout(ms > 30_000 ? ms / 20 : ms);
      });
      await page.goto("/queues/reports");
      await page.route("**/api/v1/queues/reports/pause", async (route) => void (await route.fetch()));
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByText(/not answered for 45 seconds: whether it was done is not known; look before/).waitFor();
      await page.getByText(/Paused by session:/).waitFor();
      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByText("Open", { exact: true }).waitFor();
    });
  });

  test("counts the dead letters, and leads to them from what the doctor finds", async () => {
    await on("viewer", {}, async (page) => {
      await page.goto("/settings?tab=doctor");
      const counts = await api.get("/tasks/counts");
      await page
        .getByTitle("Dead letters that nobody has handled")
        .getByText(String(counts.body.deadLetters), { exact: true })
        .waitFor();
      const finding = page.getByRole("listitem").filter({ hasText: "DEAD_LETTERS" });
      await finding.locator("code", { hasText: "apium dead-letters requeue --name send_ticket_email" }).waitFor();
      await finding.getByRole("link", { name: "send_ticket_email" }).click();
      await heading(page, "Dead letters");
      expect(new URL(page.url()).search).toBe("?name=send_ticket_email");
      await page.getByText("the ticket is gone").first().waitFor();
    });
  });

  test("does not take a healthy worker for a silent one where the browser's clock is ahead", async () => {
    await on("viewer", {}, async (page) => {
      await page.clock.setSystemTime(Date.now() + 120_000);
      await page.goto("/workers");
      await page.getByText("Running", { exact: true }).waitFor();
      expect(await page.getByText("Silent", { exact: true }).count()).toBe(0);
      await page
        .getByRole("table", { name: "Workers" })
        .getByText(/^(now|\d s ago)$/)
        .waitFor();
    });
  });

  test("is steered with the keyboard alone", async () => {
    await on("viewer", {}, async (page) => {
      const isFocused = (id: string) =>
        eventually(async () => (await page.evaluate("document.activeElement.id")) === id);
      await heading(page, "Overview");
      await page.keyboard.press("Tab");
      await page.getByRole("link", { name: "Skip to the content" }).press("Enter");
      await isFocused("content");
      // The second within a second and a half of the first, which a slow machine may miss.
      await eventually(async () => {
        await page.keyboard.press("g");
        await page.keyboard.press("q");
        await page.getByRole("heading", { level: 1, name: "Queues" }).waitFor({ timeout: 5_000 });
        return true;
      });
      await isFocused("content");
      await page.getByRole("link", { name: "email" }).press("Enter");
      await heading(page, "email");
      await page.keyboard.press("/");
      await page.keyboard.type(mailed);
      await page.keyboard.press("Enter");
      await page.waitForURL(`**/tasks/${mailed}`);
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog", { name: "Keyboard" }).waitFor({ state: "hidden" });
    });
  });

  test("has its menu on a phone, too", async () => {
    await on("viewer", { width: 390 }, async (page) => {
      const menu = page.getByRole("link", { name: "Workers", exact: true });
      await page.getByRole("button", { name: "Menu" }).click();
      await menu.waitFor();
      await page.keyboard.press("Escape");
      await eventually(async () => (await page.locator(".menu-open").count()) === 0);
      await page.getByRole("button", { name: "Menu" }).click();
      await menu.click();
      await heading(page, "Workers");
    });
  });

  test("keeps every row of a long list while new ones come", async () => {
    for (let count = 0; count < 60; count += 1) {
      await api.post("/tickets", { siteId: 2, description: `Lamp ${count} flickers`, priority: "LOW" });
    }
    await on("viewer", {}, async (page) => {
      await page.goto("/tickets?site=2");
      const rows = page.getByRole("table", { name: "Tickets" }).locator("tbody tr");
      await eventually(async () => (await rows.count()) === 50);
      await page.getByRole("button", { name: "More" }).click();
      await page.getByText("Lamp 0 flickers", { exact: true }).waitFor();
      const before = await rows.count();
      await page.getByTitle("Live: what happens shows at once").waitFor();
      await api.post("/tickets", { siteId: 2, description: "The newest of all", priority: "LOW" });
      await page.getByText("The newest of all").waitFor();
      await eventually(async () => (await rows.count()) === before + 1);
      const numbers = await rows.locator(".mono").allTextContents();
      expect(new Set(numbers).size).toBe(before + 1);
    });
  });

  test("gives strangers nothing of itself but the login page", async () => {
    const index = await fetch(`${program.url}/`, {
      headers: { Cookie: await cookieOf() },
    }).then((response) => response.text());
    const assets = [...index.matchAll(/"(\/assets\/[^"]+\.(?:js|css))"/g)].map(([, path = ""]) => path);
    expect(assets).toHaveLength(2);
    for (const asset of assets) expect((await fetch(`${program.url}${asset}`)).status).toBe(401);
    const login = await fetch(`${program.url}/login`).then((response) => response.text());
    for (const [, path] of login.matchAll(/"(\/assets\/[^"]+)"/g)) {
      const response = await fetch(`${program.url}${path}`, { headers: { "Accept-Encoding": "br" } });
      expect([path, response.status]).toEqual([path, 200]);
    }
  });

  test("keeps its files for ever, and gives a page of another version this one's", async () => {
    const headers = { Cookie: await cookieOf() };
    const index = await fetch(`${program.url}/`, { headers });
    expect(index.headers.get("cache-control")).toBe("no-cache");
    const [, script = ""] = /"(\/assets\/[^"]+\.js)"/.exec(await index.text()) ?? [];
    const own = await fetch(`${program.url}${script}`, { headers });
    expect(own.headers.get("cache-control")).toMatch(/immutable/);
    const other = await fetch(`${program.url}/assets/0123456789-app.js`, { headers });
    expect(other.headers.get("cache-control")).toBe("no-store");
    expect(await other.text()).toBe(await own.text());
    expect((await fetch(`${program.url}/assets/0123456789-secret.js`, { headers })).status).toBe(404);
  });

  async function cookieOf(): Promise<string> {
    const response = await fetch(`${program.url}/?token=${TOKENS.viewer}`, { redirect: "manual" });
    return response.headers
      .getSetCookie()
      .map((cookie) => cookie.split(";")[0])
      .join("; ");
  }
});
