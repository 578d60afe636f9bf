/** What the doctor finds out about a real mail server, and how often it logs in for that; by a clock that can be set forward. */
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type Finding, VirtualClock } from "../../runtime/index.ts";
import { ServerCheck } from "../../services/email/check-server.ts";
import { eventually } from "../support/backends.ts";
import { MailServer } from "../support/mail-server.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

let mail: MailServer;
let clock: VirtualClock;
let check: ServerCheck;
beforeEach(async () => {
  mail = await MailServer.open();
  clock = new VirtualClock();
  check = new ServerCheck(mail.url.replace("//", "//desk:the-password@"), clock);
});
afterEach(() => mail.down());

const away = { severity: "error", code: "SMTP_AWAY", subject: "SMTP" };
const refused = { severity: "error", code: "SMTP_LOGIN_REFUSED", subject: "SMTP" };
const saying = (finding: object, message: RegExp) => [{ ...finding, message: expect.stringMatching(message) }];
const wellOrNot = async (isUp: boolean) =>
  expect(await check.findings()).toMatchObject(isUp ? [] : saying(away, /cannot be reached: .*ECONNREFUSED/));

test("what it has found holds for half a minute, good or bad", async () => {
  await mail.up();
  await wellOrNot(true);
  await mail.down();
  await clock.advance(29 * SECOND_MS);
  await wellOrNot(true);
  await clock.advance(SECOND_MS);
  await wellOrNot(false);
  await mail.up();
  await clock.advance(29 * SECOND_MS);
  await wellOrNot(false);
  await clock.advance(SECOND_MS);
  await wellOrNot(true);
}, 120_000);

test.each([
  ["that is wrong", "535 5.7.8 Authentication credentials invalid", refused, /refuses the login: .*5\.7\.8/],
  ["too many", "454 4.7.0 Too many logins", away, /takes no login .*Too many logins; .* after five minutes$/],
])(
  "a login %s is tried again after five minutes, however many ask",
  async (_which, reply, finding, said) => {
    await mail.refuseLogins({ reply });
    for (const [minutes, logins] of [
      [0, 1],
      [4, 1],
      [1, 2],
    ] as const) {
      await clock.advance(minutes * MINUTE_MS);
      const all = await Promise.all([check.findings(), check.findings(), check.findings()]);
      for (const findings of all) expect(findings).toMatchObject(saying(finding, said));
      expect(mail.logins).toBe(logins);
    }
  },
  120_000,
);

test("a refusal that comes late is heard all the same: until then the server has not answered", async () => {
  await mail.refuseLogins({ isLate: true });
  for (let look = 0; look < 3; look += 1) {
    const asked: Promise<Finding[]> = check.findings();
    await eventually(async () => mail.logins > 0);
    await clock.advance(3 * SECOND_MS);
    expect(await asked).toMatchObject(saying(away, /no answer within 3 s/));
  }
  mail.answerLogins();
  expect(await check.findings()).toMatchObject([refused]);
  await clock.advance(4 * MINUTE_MS);
  expect(await check.findings()).toMatchObject([refused]);
  expect(mail.logins).toBe(1);
}, 120_000);

test("a server that takes its time is as it was found last until it has answered", async () => {
  await mail.up();
  await wellOrNot(true);
  await mail.down();
  await mail.refuseLogins({ isLate: true });
  await clock.advance(30 * SECOND_MS);
  const { logins } = mail;
  const asked = check.findings();
  await eventually(async () => mail.logins > logins);
  await clock.advance(3 * SECOND_MS);
  expect(await asked).toEqual([]);
  mail.answerLogins();
  await eventually(async () => {
    expect(await check.findings()).toMatchObject([refused]);
    return true;
  });
}, 120_000);
