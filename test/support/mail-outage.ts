/**
 * "An e-mail server was down for ten minutes": the whole of it, with one operator who has nothing but a prompt. Whatever
 * prompt that is, the commands are the same; docs/walkthrough-mail-down.md tells the story with what they print.
 */
import { expect } from "@jest/globals";
import { eventually } from "./backends.ts";
import type { MailServer } from "./mail-server.ts";

/** On a busy machine everything takes its time; what takes longer than this has failed. */
const PATIENCE_MS = 90_000;

export interface Outage {
  readonly mail: MailServer;
  /** Somebody of the facility opens a ticket. The id of the task that is to send its mail. */
  openTicket(description: string): Promise<string>;
  /** The operator types `apium <words>`, without the `apium`; what is printed, without colours. */
  type(words: string): Promise<string>;
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
const NAME = "send_ticket_email";

/** Every command that is typed, with its ids taken out; in order, each once. */
export const TYPED: string[] = [];

export async function liveThroughTheOutage({ mail, openTicket, type }: Outage): Promise<void> {
  const apium = (words: string) => {
    const plain = words.replaceAll(new RegExp(UUID, "g"), "<id>");
    if (!TYPED.includes(plain)) TYPED.push(plain);
    return type(words);
  };
  const until = (words: string, seen: RegExp) =>
    eventually(async () => {
      const out = await apium(words);
      if (!seen.test(out)) throw new Error(`\`apium ${words}\` does not show ${seen}; it printed:\n${out}`);
      return out;
    }, PATIENCE_MS);

  // Mail works; then the server is gone.
  await mail.up();
  const before = [await openTicket("Lift 2 is stuck")];
  await eventually(async () => mail.ofTickets.length === 1, PATIENCE_MS);
  await mail.down();
  const retried = [];
  for (const text of ["Gate 4 does not open", "Camera 7 is dark", "Pump 1 is hot"])
    retried.push(await openTicket(text));
  await until(`tasks list --name ${NAME} --state RETRY`, /(RETRY[\s\S]*){3}/);
  // Somebody starts it again, without its configuration: it answers, and refuses everything.
  await mail.refuse();
  const dead = [];
  for (const text of ["Door 9 is ajar", "Lamp 12 flickers"]) dead.push(await openTicket(text));

  // What is wrong?
  const found = await until("doctor", /DEAD_LETTERS +send_ticket_email\n +2 dead letters/);
  expect(found).toMatch(/RETRYING +send_ticket_email\n +3 failed and wait for another attempt/);
  expect(found).toMatch(/ECONNREFUSED/);
  expect(found).toMatch(/the last said: the mail server refused: .*Relay access denied/);
  expect(found).toContain("apium tasks run-now --name send_ticket_email");

  // Why? What has given up, in full; what has not, and what it waits for.
  const letters = await apium(`dead-letters list --name ${NAME}`);
  expect(letters).toMatch(/(TASK_REJECTED[\s\S]*){2}/);
  const [letter = ""] = UUID.exec(letters) ?? [];
  const shown = await apium(`dead-letters show ${letter}`);
  expect(shown).toMatch(/code +TASK_REJECTED/);
  expect(shown).toMatch(/params +\{"ticketId":\d+,"event":"created"\}/);
  const waiting = await apium(`tasks list --name ${NAME} --state RETRY`);
  for (const id of retried) expect(waiting).toContain(id);
  expect(await apium(`explain ${retried[0]}`)).toMatch(
    /RETRY_AT +retry 1 is due at .*; it failed with: .*ECONNREFUSED/,
  );

  // Nothing more shall die of it. What comes meanwhile waits.
  expect(await apium("queues pause email")).toContain("email is paused");
  const held = [await openTicket("Tank 3 is low")];
  // The counts may be some seconds older than the pause. One more of each on a Sunday, when the demo sends a reminder.
  await until("queues", /^email +[12] +\d+ \w+ +[34] +0 .*paused by/m);
  expect(await apium(`explain ${held[0]}`)).toMatch(/QUEUE_PAUSED/);

  // It is back. What waited in the queue goes first, and tells whether that is true.
  await mail.up();
  expect(await apium("queues resume email")).toContain("email is working");
  expect(await apium(`tasks result ${held[0]} --wait 60s`)).toMatch(/SUCCESS/);

  // Now the ones that would wait out five minutes yet: how many, and then do it.
  const chosen = `--name ${NAME} --state RETRY`;
  expect(await apium(`tasks run-now ${chosen} --dry-run`)).toMatch(/^3 waiting \(3 RETRY\); nothing was done/);
  expect(await apium(`tasks run-now ${chosen}`)).toMatch(/^3 waiting \(3 RETRY\); 3 due now/);

  // And those that have given up: the same again, as new tasks, and gently.
  const refused = `--name ${NAME} --code TASK_REJECTED`;
  expect(await apium(`dead-letters requeue ${refused} --dry-run`)).toMatch(/^2 found \(2 send_ticket_email\); nothing/);
  expect(await apium(`dead-letters requeue ${refused} --rate 2/s`)).toMatch(/^2 run again, 0 refused/);

  // All of them have gone out, each once; nothing is wrong any more; and it is written down who did what.
  const all = [...before, ...retried, ...dead, ...held];
  await eventually(async () => mail.ofTickets.length >= all.length, PATIENCE_MS);
  await until(`tasks list --name ${NAME} --state SUCCESS`, /(SUCCESS[\s\S]*){7}/);
  expect(await apium(`tasks list --name ${NAME} --state RETRY`)).toMatch(/^none$/m);
  expect(await apium(`dead-letters list --name ${NAME}`)).toMatch(/^none$/m);
  // Of mails: what a schedule fires meanwhile may find nobody in a system of three processes.
  await until("doctor", /^(?![\s\S]*((RETRYING|DEAD_LETTERS) +send_ticket_email|QUEUE_PAUSED))/);
  const audit = await apium("audit --actor operator --limit 4");
  expect(audit).toMatch(/dead-letter\.requeue-many[\s\S]*task\.run-now-many[\s\S]*queue\.resume[\s\S]*queue\.pause/);
  expect(mail.ofTickets).toHaveLength(all.length);
  expect(new Set(mail.ofTickets.map(({ messageId }) => messageId)).size).toBe(all.length);
  expect(new Set(mail.ofTickets.map(({ subject }) => subject)).size).toBe(all.length);
  // What was tried again kept its id; what had given up was sent as new tasks.
  for (const id of [...before, ...retried, ...held]) {
    expect(mail.ofTickets.map(({ messageId }) => messageId)).toContain(`<${id}@apium>`);
  }
}
