/** Readings out of range: one mail for an occurrence, to those in charge, with what was asked and what was answered. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { alertMail } from "../../services/email/alert-mail.ts";
import type { AlertMailFacts } from "../../services/jobs/alert-mail.ts";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type FacilityServices, startFacility } from "../support/facility-services.ts";

describe.each(availableBackends().filter((name) => name !== "jetstream"))("readings alert on %s", (name) => {
  let facility: Facility;
  let services: FacilityServices;
  let siteId: number;
  let clientId: number;

  beforeAll(async () => {
    facility = await openFacility(name);
    services = await startFacility(facility.backend);
    siteId = await facility.makeSite({ name: "Mill <North>", timezone: "Asia/Kolkata" });
    clientId = await facility.clientOf(siteId);
  }, 400_000);
  afterAll(async () => {
    await services.stop();
    await facility.backend.reset();
    await facility.backend.close();
  }, 400_000);

  /** With three numeric lines, in range from 2 to 6. */
  async function makeWork(columns: object = {}) {
    const question_set_id = await facility.makeChecklist(siteId, 3);
    const id = await facility.makeJobneed(siteId, { question_set_id, name: "Boiler round", ...columns });
    await facility.database.query(
      `insert into jobneed_detail (client_id, jobneed_id, seqno, question_id, answer_type, min_value, max_value)
       select n.client_id, n.id, m.seqno, m.question_id, 'NUMERIC', 2, 6
       from jobneed n join question_set_member m on m.question_set_id = n.question_set_id where n.id = $1`,
      [id],
    );
    const lines = await facility.all<{ id: number }>(
      "select id from jobneed_detail where jobneed_id = $1 order by seqno",
      [id],
    );
    return { id, lines };
  }
  const complete = ({ id, lines }: Awaited<ReturnType<typeof makeWork>>, answers: readonly string[]) =>
    services.as(clientId, "jobs.completeJobneed", {
      id,
      endedAt: "2026-11-23T08:00:00Z",
      answers: lines.map((line, index) => ({ detailId: line.id, answer: answers[index] ?? "3" })),
    });
  const mailsOf = async (id: number) =>
    (
      await facility.all<{ id: string }>(
        "select id from task where name = 'send_readings_alert' and (params->>'jobneedId')::bigint = $1",
        [id],
      )
    ).length;

  test("one mail for a report, however often it is sent; none where all is in range", async () => {
    const [bad, good] = [await makeWork(), await makeWork()];
    await complete(bad, ["9.5", "3", "1"]);
    await complete(bad, ["9.5", "3", "1"]);
    await complete(good, ["3", "4", "5"]);
    expect([await mailsOf(bad.id), await mailsOf(good.id)]).toEqual([1, 0]);
  });

  test("it says what was asked, what would have been right and what was answered, to those in charge", async () => {
    const inCharge = await facility.makePerson(siteId, { name: "Ina", email: "ina@example.com" });
    await facility.database.query("update site set incharge_id = $2 where id = $1", [siteId, inCharge]);
    await facility.makePerson(siteId, { name: "Guard", email: "guard@example.com" });
    const asset_id = await facility.makeAsset(siteId, { name: "Boiler 2" });
    const work = await makeWork({ identifier: "INTERNALTOUR", asset_id });
    await complete(work, ["9.5", "3", "1"]);
    const facts = await services.as<AlertMailFacts>(clientId, "jobs.alertMailFacts", { jobneedId: work.id });
    expect(facts.recipients).toEqual([{ name: "Ina", address: "ina@example.com" }]);
    expect(facts.lines.map(({ answer, minValue, maxValue }) => [answer, minValue, maxValue])).toEqual([
      ["9.5", 2, 6],
      ["1", 2, 6],
    ]);
    const { subject, text, html } = alertMail(facts);
    expect(subject).toBe(
      `[READINGS ALERT] Checkpoint:Boiler 2 at Site:Mill <North> having checklist [${facts.work.checklist}] - readings out of range`,
    );
    expect(text).toContain("Answer: 9.5");
    expect(text).toContain("In range: 2 to 6");
    expect(text).toContain("13:30");
    expect(html).toContain("Mill &lt;North&gt;");
  });
});
