/** An e-mail server was down, and an operator sets it right with the dashboard alone. docs/walkthrough-mail-down.md tells it. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { eventually } from "../support/backends.ts";
import { describeInBrowser, picture } from "../support/browser.ts";
import { MailServer } from "../support/mail-server.ts";
import { client, type Program, start } from "../support/programs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TOKENS = { admin: "admin-token-of-the-walk-through", operator: "operator-token-of-the-walk-through" };
const PATIENCE_MS = 90_000;

describeInBrowser("an e-mail server was down, from the dashboard", (visit) => {
  const folder = temporaryFolder();
  let mail: MailServer;
  let program: Program;

  beforeAll(async () => {
    mail = await MailServer.open();
    await mail.up();
    program = await start({
      DATA_DIR: folder.path,
      SMTP_URL: mail.url,
      API_TOKENS: `admin:${TOKENS.admin},operator:${TOKENS.operator}`,
    });
  }, 400_000);
  afterAll(async () => {
    await program.stop();
    await mail.down();
    folder.remove();
  }, 400_000);

  test("found, understood, kept from getting worse, and set right: every mail goes out once", async () => {
    const api = client(program.url, TOKENS.admin);
    const opened: string[] = [];
    const open = async (description: string) => {
      const { body } = await api.post("/tickets", { siteId: 1, description, priority: "HIGH", assignedToPersonId: 1 });
      opened.push(String(body.emailTaskId));
      return String(body.emailTaskId);
    };
    const untilState = (id: string, state: string) =>
      eventually(async () => (await api.get(`/tasks/${id}`)).body.state === state, PATIENCE_MS);

    await open("Lift 2 is stuck");
    await eventually(async () => mail.ofTickets.length === 1, PATIENCE_MS);
    await mail.down();
    const retried: string[] = [];
    for (const text of ["Gate 4 does not open", "Camera 7 is dark", "Pump 1 is hot"]) retried.push(await open(text));
    for (const id of retried) await untilState(id, "RETRY");
    await mail.refuse();
    const dead = [await open("Door 9 is ajar"), await open("Lamp 12 flickers")];
    for (const id of dead) await untilState(id, "FAILURE");

    const { page, complaints, close } = await visit({ url: program.url, token: TOKENS.operator });

    // What is wrong? The menu counts what waits for a person, and the letters say what of.
    await page
      .getByRole("link", { name: /Dead letters/ })
      .first()
      .click();
    await page
      .getByText(/the mail server refused: 554/)
      .first()
      .waitFor();
    await picture(page, "walkthrough-letters");

    // Why, and what else? What has not given up says when it is tried again, and why not yet.
    await page.goto("/tasks?state=RETRY&name=send_ticket_email");
    await page.getByText("send_ticket_email", { exact: true }).first().click();
    await page.waitForURL(`**/tasks/${retried.at(-1)}`);
    await page
      .getByText(/ECONNREFUSED/)
      .first()
      .waitFor();

    // Nothing more shall die of it. What comes meanwhile waits.
    await page.goto("/queues/email");
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText(/Paused by session:/).waitFor();
    const held = await open("Tank 3 is low");
    await untilState(held, "QUEUED");

    // It is back: the queue goes on, and tells whether that is true.
    await mail.up();
    await page.getByRole("button", { name: "Resume" }).click();
    await untilState(held, "SUCCESS");

    // What waits for its next attempt goes now, all of it at once; how much that is, it says before.
    await page.goto("/tasks?state=RETRY&name=send_ticket_email");
    await page.getByRole("button", { name: "Run all that match now" }).click();
    const dialog = page.getByRole("dialog", { name: "Run 3 tasks now?" });
    await dialog.getByText("In state Retry: 3. The next attempt is made now.").waitFor();
    await picture(page, "walkthrough-run-now");
    for (const id of retried) expect((await api.get(`/tasks/${id}`)).body.state).toBe("RETRY");
    await dialog.getByRole("button", { name: "Run now" }).click();
    for (const id of retried) await untilState(id, "SUCCESS");

    // And what has given up goes again.
    await page.goto("/dead-letters");
    await page.getByRole("button", { name: /^Run all \d again/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Run again" }).click();

    // Every mail has gone out, each once; nothing waits for a person.
    await eventually(async () => mail.ofTickets.length === opened.length, PATIENCE_MS);
    await page.goto("/dead-letters");
    await eventually(async () => {
      const { body } = await api.get("/dead-letters");
      return (body.items as unknown[]).length === 0;
    }, PATIENCE_MS);
    expect(new Set(mail.ofTickets.map(({ subject }) => subject)).size).toBe(opened.length);

    // And who did what stands in the audit.
    await page.goto("/audit");
    for (const action of ["queue.pause", "queue.resume", "task.run-now-many", "dead-letter.requeue-many"])
      await page.getByText(action).first().waitFor();
    await picture(page, "walkthrough-audit");
    expect(complaints).toEqual([]);
    await close();
  }, 900_000);
});
