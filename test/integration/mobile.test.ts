/** Phones through a real gateway: signing in, one effect for many deliveries, one outcome for each record, what is refused. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { TOKENS } from "../support/accounts.ts";
import { availableBackends, eventually } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { PASSWORD, type Phone, type Phones, recordsMutation, SIGN_IN, startPhones } from "../support/phones.ts";

describe.each(availableBackends())("phones on %s", (name) => {
  let facility: Facility;
  let phones: Phones;
  let siteId: number;
  let phone: Phone;

  beforeAll(async () => {
    facility = await openFacility(name);
    phones = await startPhones(facility.backend, facility);
    siteId = await facility.makeSite();
    phone = await phones.phoneAt(siteId);
  }, 400_000);
  afterAll(async () => {
    await phones.stop();
    await facility.backend.reset();
    await facility.backend.close();
  }, 400_000);

  const uuidOf = async (table: string, id: number) =>
    (await facility.one<{ uuid: string }>(`select uuid from ${table} where id = $1`, [id])).uuid;
  /** An occurrence with a checklist of two lines. */
  async function makeWork(columns: object = {}) {
    const question_set_id = await facility.makeChecklist(siteId, 2);
    const id = await facility.makeJobneed(siteId, { question_set_id, person_id: phone.personId, ...columns });
    await facility.database.query(
      `insert into jobneed_detail (client_id, jobneed_id, seqno, question_id, answer_type)
       select n.client_id, n.id, m.seqno, m.question_id, m.answer_type
       from jobneed n join question_set_member m on m.question_set_id = n.question_set_id where n.id = $1`,
      [id],
    );
    const lines = await facility.all<{ uuid: string; question_id: number }>(
      "select uuid, question_id from jobneed_detail where jobneed_id = $1 order by seqno",
      [id],
    );
    return { id, uuid: await uuidOf("jobneed", id), lines };
  }
  const statusOf = async (id: number) =>
    (await facility.one<{ status: string }>("select status from jobneed where id = $1", [id])).status;

  describe("signing in", () => {
    const signIn = (input: object) => phones.graphql(SIGN_IN, { input });

    test("gives a token that stands for the person and the device", async () => {
      const { data } = await phone.graphql("{ me { personId clientId deviceId name } }");
      expect(data.me).toMatchObject({ personId: phone.personId, deviceId: phone.deviceId });
      expect(data.me.clientId).toBe(await facility.clientOf(siteId));
    });

    test("answers a wrong password, a wrong login and a wrong client alike", async () => {
      const right = { loginid: phone.loginId, password: PASSWORD, deviceid: "d" };
      for (const input of [
        { ...right, password: "something else entirely" },
        { ...right, loginid: "nobody-of-that-name" },
        { ...right, clientcode: "ANOTHER" },
      ]) {
        const { status, errors, data } = await signIn(input);
        expect(status).toBe(200);
        expect(data).toBeNull();
        expect(errors).toEqual([
          expect.objectContaining({
            message: "the login, the password or the client is wrong",
            extensions: { code: "UNAUTHENTICATED" },
          }),
        ]);
      }
    });

    test("ends the session of before on the same device", async () => {
      const other = await phones.phoneAt(siteId);
      const { data } = await signIn({ loginid: other.loginId, password: PASSWORD, deviceid: other.deviceId });
      expect((await other.graphql("{ me { name } }")).status).toBe(401);
      expect((await phones.graphql("{ me { personId } }", undefined, data.tokenAuth.token)).data.me.personId).toBe(
        other.personId,
      );
    });

    test("is refused on a device that somebody of another client is signed in with", async () => {
      const stranger = await phones.phoneAt(await facility.makeSite());
      const again = (deviceid: string) => signIn({ loginid: stranger.loginId, password: PASSWORD, deviceid });
      const { errors } = await again(phone.deviceId);
      expect(errors[0].extensions).toMatchObject({ code: "PARAMS_INVALID", fields: [{ field: "deviceId" }] });
      expect((await again("a-device-of-their-own")).errors).toBeUndefined();
    });

    describe("on a device of another client", () => {
      const me = "{ me { personId } }";
      const age = (deviceId: string) =>
        facility.database.query(
          "update mobile_device set signed_in_at = signed_in_at - interval '31 days' where device_id = $1",
          [deviceId],
        );
      const takeOver = async ({ deviceId }: Phone) => {
        const next = await phones.phoneAt(await facility.makeSite());
        return signIn({ loginid: next.loginId, password: PASSWORD, deviceid: deviceId });
      };
      const enable = (personId: number, isEnabled: boolean) =>
        facility.database.query("update person set enabled = $2 where id = $1", [personId, isEnabled]);

      test("is possible when nobody can be signed in there any more, and stays so", async () => {
        const [disabled, changed, expired] = await Promise.all([1, 2, 3].map(() => phones.phoneAt(siteId)));
        if (disabled === undefined || changed === undefined || expired === undefined) throw new Error("no phones");
        await enable(disabled.personId, false);
        const password = { password: "another horse, another battery" };
        await phones.ask(TOKENS.admin, "POST", `/people/${changed.personId}/password`, password);
        await age(expired.deviceId);
        for (const left of [disabled, changed, expired]) {
          const { data, errors } = await takeOver(left);
          expect(errors).toBeUndefined();
          expect((await phones.graphql(me, undefined, data.tokenAuth.token)).status).toBe(200);
        }
        // Whoever may come again must not be told what the next one is told.
        await enable(disabled.personId, true);
        expect((await disabled.graphql(me)).status).toBe(401);
        expect((await expired.graphql(me)).status).toBe(401);
      });

      test("is refused while the one before still refreshes their token", async () => {
        const before = await phones.phoneAt(siteId);
        await age(before.deviceId);
        const refresh = `mutation { refreshToken(refreshToken: "${before.refreshToken}") { token } }`;
        expect((await phones.graphql(refresh)).errors).toBeUndefined();
        expect((await takeOver(before)).errors[0].extensions.fields).toMatchObject([{ field: "deviceId" }]);
        expect((await before.graphql(me)).status).toBe(200);
      });
    });

    test("ends with signing out, with the password, and with the person", async () => {
      const me = "{ me { personId } }";
      const leaver = await phones.phoneAt(siteId);
      expect((await leaver.graphql("mutation { logoutUser { success } }")).data.logoutUser.success).toBe(true);
      expect((await leaver.graphql(me)).status).toBe(401);
      const refresh = `mutation { refreshToken(refreshToken: "${leaver.refreshToken}") { token } }`;
      expect((await phones.graphql(refresh)).errors[0].extensions.code).toBe("UNAUTHENTICATED");

      const disabled = await phones.phoneAt(siteId);
      await facility.database.query("update person set enabled = false where id = $1", [disabled.personId]);
      phones.clock.aheadMs += 11_000;
      expect((await disabled.graphql(me)).status).toBe(401);
    });

    test("lasts twelve hours, and longer with a refresh token", async () => {
      const guard = await phones.phoneAt(siteId);
      phones.clock.aheadMs += 12 * 3_600_000 + 1_000;
      expect((await guard.graphql("{ me { personId } }")).status).toBe(401);
      const { data } = await phones.graphql(
        `mutation { refreshToken(refreshToken: "${guard.refreshToken}") { token } }`,
      );
      const { status } = await phones.graphql("{ me { personId } }", undefined, data.refreshToken.token);
      expect(status).toBe(200);
      // An access token refreshes nothing, and a refresh token opens nothing.
      expect((await phones.graphql("{ me { personId } }", undefined, guard.refreshToken)).status).toBe(401);
      phone = await phones.phoneAt(siteId);
    });

    test("opens nothing of the platform or of the operators", async () => {
      for (const [method, path] of [
        ["GET", "/sites"],
        ["POST", "/tickets"],
      ] as const) {
        expect((await phone.rest(method, path, method === "POST" ? {} : undefined)).status).toBe(403);
      }
    });
  });

  describe("progress of work", () => {
    test("delivered three times, two at once, over GraphQL and REST, is one effect with equal answers", async () => {
      const work = await makeWork();
      const variables = {
        records: [
          {
            uuid: work.uuid,
            status: "COMPLETED",
            startedAt: "2026-11-23T08:00:00Z",
            endedAt: "2026-11-23T08:10:00Z",
            details: work.lines.map(({ uuid }, index) => ({ uuid, answer: String(index + 5) })),
          },
        ],
      };
      const mutation = recordsMutation("updateTaskTour");
      const [first, second] = await Promise.all([
        phone.graphql(mutation, variables),
        phone.graphql(mutation, variables),
      ]);
      const third = await phone.rest("POST", "/mobile/messages", { mutation, variables });
      expect(third.status).toBe(202);
      expect(third.body).toMatchObject({ status: "SUCCESS", isRepeat: true, uuids: [work.uuid] });
      const told = await phone.rest("POST", "/mobile/messages/status", { taskIds: [third.body.taskId] });
      expect(first.data.updateTaskTour).toMatchObject({
        ...{ rc: 0, recordcount: 1, uuids: [work.uuid] },
        records: [{ uuid: work.uuid, rc: 0, outcome: "updated" }],
      });
      expect(second).toEqual(first);
      expect(told.body.items[0].result.data).toEqual(first.data);
      expect(await statusOf(work.id)).toBe("COMPLETED");
      const { deliveries } = await facility.one<{ deliveries: number }>(
        "select deliveries from mobile_message where task_id = $1::uuid",
        [third.body.taskId],
      );
      expect(deliveries).toBe(3);
      const answers = await facility.all<{ answer: string }>(
        "select answer from jobneed_detail where jobneed_id = $1 order by seqno",
        [work.id],
      );
      expect(answers.map(({ answer }) => answer)).toEqual(["5", "6"]);
    });

    test("of one record that is unknown is refused for that one; the others are stored", async () => {
      const [one, two] = [await makeWork(), await makeWork()];
      const unknown = randomUUID();
      const done = (work: typeof one) => ({
        ...{ uuid: work.uuid, status: "COMPLETED", endedAt: "2026-11-23T08:10:00Z" },
        details: work.lines.map(({ uuid }) => ({ uuid, answer: "7" })),
      });
      const { data } = await phone.graphql(recordsMutation("updateTaskTour"), {
        records: [done(one), { uuid: unknown, status: "COMPLETED" }, done(two)],
      });
      expect(data.updateTaskTour).toMatchObject({
        ...{ rc: 1, recordcount: 2, uuids: [one.uuid, two.uuid] },
        records: [
          { rc: 0 },
          { uuid: unknown, rc: 1, code: "NOT_FOUND", msg: `there is no jobneed ${unknown}` },
          { rc: 0 },
        ],
      });
      expect([await statusOf(one.id), await statusOf(two.id)]).toEqual(["COMPLETED", "COMPLETED"]);
    });

    test("of another client's work is as good as of none", async () => {
      const foreignSite = await facility.makeSite();
      const id = await facility.makeJobneed(foreignSite);
      const uuid = await uuidOf("jobneed", id);
      const { data } = await phone.graphql(recordsMutation("updateTaskTour"), {
        records: [{ uuid, status: "INPROGRESS" }],
      });
      expect(data.updateTaskTour.records[0]).toMatchObject({ rc: 1, code: "NOT_FOUND" });
      expect(await statusOf(id)).toBe("ASSIGNED");
    });

    test("keeps answers until the rest of them is there, and does not go back", async () => {
      const work = await makeWork();
      const send = async (record: object) =>
        (await phone.graphql(recordsMutation("updateTaskTour"), { records: [{ uuid: work.uuid, ...record }] })).data
          .updateTaskTour.records[0];
      const [first, second] = work.lines.map(({ uuid }) => uuid);
      expect(await send({ status: "INPROGRESS", details: [{ uuid: first, answer: "1" }] })).toMatchObject({ rc: 0 });
      expect(await send({ status: "COMPLETED" })).toMatchObject({ rc: 1, code: "PARAMS_INVALID" });
      expect(await statusOf(work.id)).toBe("INPROGRESS");
      expect(await send({ status: "COMPLETED", details: [{ uuid: second, answer: "2" }] })).toMatchObject({
        outcome: "updated",
      });
      expect(await send({ status: "INPROGRESS", remarks: "late" })).toMatchObject({ rc: 0, outcome: "unchanged" });
      expect(await statusOf(work.id)).toBe("COMPLETED");
    });

    test("that comes after the server has closed the work counts, and stays marked", async () => {
      const work = await makeWork({ status: "AUTOCLOSED", closed_by_server_at: "2026-11-23T09:00:00Z" });
      const { data } = await phone.graphql(recordsMutation("updateTaskTour"), {
        records: [
          {
            ...{ uuid: work.uuid, status: "COMPLETED", endedAt: "2026-11-23T08:10:00Z" },
            details: work.lines.map(({ uuid }) => ({ uuid, answer: "7" })),
          },
        ],
      });
      expect(data.updateTaskTour.rc).toBe(0);
      const row = await facility.one<{ status: string; closed: boolean }>(
        "select status, closed_by_server_at is not null as closed from jobneed where id = $1",
        [work.id],
      );
      expect(row).toEqual({ status: "COMPLETED", closed: true });
    });

    test("folds a tour's points into its path, those that come late too", async () => {
      const tour = await facility.makeJobneed(siteId, { identifier: "EXTERNALTOUR", status: "INPROGRESS" });
      const reference = await uuidOf("jobneed", tour);
      const point = (minute: number) => ({
        ...{ tablename: "tracking", uuid: randomUUID(), reference, identifier: "EXTERNALTOUR" },
        ...{ latitude: 12 + minute / 100, longitude: 77, at: `2026-11-23T08:${minute}:00Z` },
      });
      const insert = (records: object[]) => phone.graphql(recordsMutation("insertRecord"), { records });
      expect((await insert([point(10), point(30)])).data.insertRecord.rc).toBe(0);
      await phone.graphql(recordsMutation("updateTaskTour"), {
        records: [{ uuid: reference, status: "COMPLETED", endedAt: "2026-11-23T09:00:00Z" }],
      });
      await insert([point(20)]);
      const { path, points } = await facility.one<{ path: { latitude: number }[]; points: number }>(
        "select path, (select count(*)::integer from tracking where reference = n.uuid) as points from jobneed n where id = $1",
        [tour],
      );
      expect(path.map(({ latitude }) => latitude)).toEqual([12.1, 12.2, 12.3]);
      expect(points).toBe(0);
    });

    test("of a change back is a new message", async () => {
      const id = await facility.makeJobneed(siteId, { status: "INPROGRESS", identifier: "ASSETMAINTENANCE" });
      const uuid = await uuidOf("jobneed", id);
      for (const status of ["STANDBY", "WORKING", "STANDBY"]) {
        await phone.graphql(recordsMutation("updateTaskTour"), { records: [{ uuid, status }] });
        expect(await statusOf(id)).toBe(status);
      }
    });
  });

  describe("records of the original's phones", () => {
    test("are understood: names, doubly encoded, UTC without a zone, points, None", async () => {
      const work = await makeWork();
      const record = {
        uuid: work.uuid,
        jobstatus: "COMPLETED",
        starttime: "2026-11-23 08:00:00",
        endtime: "2026-11-23 08:10:00.123456",
        performedby_id: 1,
        gpslocation: "12.97,77.59",
        remarks: "None",
        cdtz: "2026-11-23 08:10:01",
        muser_id: 12,
        details: work.lines.map(({ uuid, question_id }) => ({
          ...{ uuid, question_id, answer: "9", alerts: false, min: null, seqno: "1" },
        })),
      };
      const { data } = await phone.graphql(recordsMutation("updateTaskTour"), {
        records: [JSON.stringify(JSON.stringify(record))],
      });
      expect(data.updateTaskTour).toMatchObject({ rc: 0, traceback: null });
      const row = await facility.one(
        "select ended_at, latitude, longitude, remarks, performed_by_id from jobneed where id = $1",
        [work.id],
      );
      expect(JSON.parse(JSON.stringify(row))).toEqual({
        ...{ ended_at: "2026-11-23T08:10:00.123Z", latitude: 12.97, longitude: 77.59, remarks: null },
        performed_by_id: phone.personId,
      });
    });

    test("ask for `output`, and may come by insertJson", async () => {
      const uuid = randomUUID();
      const ticket = { uuid, ticketdesc: "The gate does not close", bu_id: siteId, priority: "HIGH", ticketno: "None" };
      const { data } = await phone.graphql(
        'mutation J($j: [JSON!]!) { insertJson(jsondata: $j, tablename: "ticket") { taskId uuids rc } }',
        { j: [JSON.stringify(ticket)] },
      );
      expect(data.insertJson).toMatchObject({ uuids: [uuid], rc: 0 });
      await phones.runtime.result(data.insertJson.taskId, "60s");
      const row = await facility.one("select description, priority, created_by_id from ticket where uuid = $1::uuid", [
        uuid,
      ]);
      expect(row).toEqual({ description: "The gate does not close", priority: "HIGH", created_by_id: phone.personId });
      const mails = await facility.one<{ n: number }>(
        "select count(*)::integer as n from task where name = 'send_ticket_email'",
      );
      expect(mails.n).toBeGreaterThan(0);
      const again = await phone.graphql(
        "mutation M($records: [JSON!]!) { insertRecord(records: $records) { output { rc uuids } } }",
        { records: [{ ...ticket, tablename: "ticket" }] },
      );
      expect(again.data.insertRecord.output).toEqual({ rc: 0, uuids: [uuid] });
    });
  });

  describe("what came up", () => {
    test("becomes ad-hoc work with the phone's own lines", async () => {
      const questionSetId = await facility.makeChecklist(siteId, 2);
      const questions = await facility.all<{ id: number }>(
        "select question_id as id from question_set_member where question_set_id = $1 order by seqno",
        [questionSetId],
      );
      const details = questions.map(({ id }) => ({ uuid: randomUUID(), questionId: id, answer: "3" }));
      const uuid = randomUUID();
      const { data } = await phone.graphql(recordsMutation("adhocRecord"), {
        records: [
          {
            ...{ uuid, siteId, name: "Spilled oil", questionSetId, status: "COMPLETED", details },
            ...{ startedAt: "2026-11-23T08:00:00Z", endedAt: "2026-11-23T08:05:00Z" },
          },
        ],
      });
      expect(data.adhocRecord.records[0]).toMatchObject({ rc: 0, outcome: "created", storedAs: null });
      const lines = await facility.all<{ uuid: string; answer: string }>(
        `select d.uuid, d.answer from jobneed_detail d join jobneed n on n.id = d.jobneed_id
         where n.uuid = $1::uuid and n.status = 'COMPLETED' order by d.seqno`,
        [uuid],
      );
      expect(lines).toEqual(details.map(({ uuid: line }) => ({ uuid: line, answer: "3" })));
    });

    test("is the scheduled occurrence's where one was meant for it", async () => {
      const work = await makeWork({
        plan_at: "2026-11-23T10:00:00Z",
        expiry_at: "2026-11-23T11:00:00Z",
        job_type: "SCHEDULE",
      });
      const { question_set_id } = await facility.one<{ question_set_id: number }>(
        "select question_set_id from jobneed where id = $1",
        [work.id],
      );
      const record = {
        ...{ uuid: randomUUID(), siteId, name: "Round", questionSetId: question_set_id, status: "COMPLETED" },
        ...{ startedAt: "2026-11-23T10:10:00Z", endedAt: "2026-11-23T10:15:00Z" },
        details: work.lines.map(({ question_id }) => ({ questionId: question_id, answer: "1" })),
      };
      const send = async (records: readonly object[]) =>
        (await phone.graphql(recordsMutation("adhocRecord"), { records })).data.adhocRecord.records[0];
      const works = async () => (await facility.one<{ n: number }>("select count(*)::integer as n from jobneed")).n;
      expect(await send([record])).toMatchObject({ rc: 0, storedAs: work.uuid });
      expect(await statusOf(work.id)).toBe("COMPLETED");
      // Sent again, in other words than before: no second work comes of it.
      const before = await works();
      expect(await send([{ ...record, remarks: "The lock sticks" }])).toMatchObject({ rc: 0, storedAs: work.uuid });
      expect(await works()).toBe(before);
    });

    test("is a report with its sections, once", async () => {
      const uuid = randomUUID();
      const questionSetId = await facility.makeChecklist(siteId, 1);
      const { id: questionId } = await facility.one<{ id: number }>(
        "select question_id as id from question_set_member where question_set_id = $1",
        [questionSetId],
      );
      const sections = [1, 2].map((n) => ({
        ...{ uuid: randomUUID(), name: `Section ${n}`, questionSetId },
        details: [{ uuid: randomUUID(), questionId, answer: String(n) }],
      }));
      const record = {
        uuid,
        siteId,
        name: "Site visit",
        identifier: "SITEREPORT",
        endedAt: "2026-11-23T08:05:00Z",
        sections,
      };
      const send = (more: object) =>
        phone.graphql(recordsMutation("uploadReport"), { records: [{ ...record, ...more }] });
      expect((await send({ status: "COMPLETED" })).data.uploadReport.records[0]).toMatchObject({
        rc: 0,
        outcome: "created",
      });
      expect((await send({ status: "COMPLETED", remarks: "again" })).data.uploadReport.rc).toBe(0);
      const rows = await facility.all<{ name: string; status: string }>(
        `select n.name, n.status from jobneed n join jobneed p on p.id = coalesce(n.parent_id, n.id)
         where p.uuid = $1::uuid order by n.parent_id nulls first, n.seqno`,
        [uuid],
      );
      expect(rows).toEqual([
        { name: "Site visit", status: "COMPLETED" },
        { name: "Section 1", status: "COMPLETED" },
        { name: "Section 2", status: "COMPLETED" },
      ]);
    });

    test("is attendance, filled up as it goes on, of the sender's client only", async () => {
      const uuid = randomUUID();
      await facility.typeAssist("PEOPLEEVENTTYPE", "SELF");
      const insert = async (record: object) =>
        (
          await phone.graphql(recordsMutation("insertRecord"), {
            records: [{ tablename: "peopleeventlog", uuid, ...record }],
          })
        ).data.insertRecord.records[0];
      const begin = {
        bu_id: siteId,
        peventtype: "SELF",
        punchintime: "2026-11-23 08:00:00",
        startlocation: "12.97,77.59",
      };
      expect(await insert(begin)).toMatchObject({ rc: 0, outcome: "created" });
      expect(await insert({ punchouttime: "2026-11-23 16:00:00", transportmodes: "BIKE, CAR" })).toMatchObject({
        outcome: "updated",
      });
      const row = await facility.one<object>(
        `select punched_in_at, punched_out_at, transport_modes, person_id, device_id from attendance_event where uuid = $1::uuid`,
        [uuid],
      );
      expect(JSON.parse(JSON.stringify(row))).toEqual({
        ...{ punched_in_at: "2026-11-23T08:00:00.000Z", punched_out_at: "2026-11-23T16:00:00.000Z" },
        ...{ transport_modes: ["BIKE", "CAR"], person_id: phone.personId, device_id: phone.deviceId },
      });
      const stranger = await phones.phoneAt(await facility.makeSite());
      const { data } = await stranger.graphql(recordsMutation("insertRecord"), {
        records: [{ tablename: "peopleeventlog", uuid, remarks: "mine now" }],
      });
      expect(data.insertRecord.records[0]).toMatchObject({ rc: 1, code: "PARAMS_INVALID" });
    });

    test("is a large file, by REST and the phone's token; other clients' sites are none", async () => {
      const { uuid: ownerUuid } = await makeWork();
      const send = (query: string) =>
        fetch(`${phones.url}/api/v1/attachments?${query}`, {
          method: "POST",
          headers: { Authorization: `Bearer ${phone.token}` },
          body: `A long note.${" And so on.".repeat(200_000)}`,
        });
      const query = `uuid=${randomUUID()}&ownerTable=jobneed&ownerUuid=${ownerUuid}&fileName=note.txt`;
      const [first, again] = [await send(query), await send(query)];
      expect([first.status, again.status]).toEqual([201, 201]);
      expect(await again.json()).toEqual(await first.json());
      const foreign = await send(
        `${query.replace(/uuid=[^&]+/, `uuid=${randomUUID()}`)}&siteId=${await facility.makeSite()}`,
      );
      expect(foreign.status).toBe(422);
    });

    test("is a crisis at the site: one ticket of high priority, with whom the matrix names, or the site's in-charge", async () => {
      const inCharge = await facility.makePerson(siteId);
      await facility.database.query("update site set incharge_id = $2 where id = $1", [siteId, inCharge]);
      await facility.typeAssist("SITECRISIS", "FIRE");
      const uuid = randomUUID();
      const send = async (more: object) =>
        (
          await phone.graphql(recordsMutation("insertRecord"), {
            records: [{ tablename: "peopleeventlog", uuid, bu_id: siteId, peventtype: "FIRE", ...more }],
          })
        ).data.insertRecord.records[0];
      expect(await send({ remarks: "Smoke in the store room" })).toMatchObject({ rc: 0, outcome: "created" });
      expect(await send({ punchouttime: "2026-11-23 09:00:00" })).toMatchObject({ rc: 0, outcome: "updated" });
      const tickets = await facility.all(
        `select t.priority, t.level, t.assigned_to_person_id as person, t.description, c.code
         from ticket t join type_assist c on c.id = t.category_id where t.site_id = $1 and c.code = 'TC_SITECRISIS'`,
        [siteId],
      );
      expect(tickets).toEqual([
        {
          ...{ priority: "HIGH", level: 1, person: inCharge, code: "TC_SITECRISIS" },
          description: expect.stringContaining("Smoke in the store room"),
        },
      ]);
      const matrix = await facility.one(
        `select m.level, m.frequency, m.frequency_value as value, m.assigned_person_id as person
         from escalation_matrix m join type_assist c on c.id = m.category_id where c.code = 'TC_SITECRISIS' and m.site_id = $1`,
        [siteId],
      );
      expect(matrix).toEqual({ level: 1, frequency: "MINUTE", value: 30, person: inCharge });
    });

    test("is a file within the message", async () => {
      const { id, uuid: ownerUuid } = await makeWork();
      const uuid = randomUUID();
      const { data } = await phone.graphql(
        `mutation F($content: String, $biodata: JSON!, $record: JSON) {
           uploadAttachment(content: $content, biodata: $biodata, record: $record) { rc msg records { outcome msg } } }`,
        {
          content: Buffer.from("Seen at the gate: a lorry without lights").toString("base64"),
          biodata: JSON.stringify({
            filename: "note.txt",
            owner: ownerUuid,
            ownername: "jobneed",
            people_id: 3,
            path: "x/",
          }),
          record: { uuid },
        },
      );
      expect(data.uploadAttachment).toMatchObject({ rc: 0, records: [{ outcome: "created" }] });
      expect(id).toBeGreaterThan(0);
      const row = await facility.one(
        "select owner_uuid::text as owner, file_name, size::integer as size from attachment where uuid = $1::uuid",
        [uuid],
      );
      expect(row).toMatchObject({ owner: ownerUuid, file_name: "note.txt" });
    });
  });

  describe("a message with an id of its sender's", () => {
    const mutation = recordsMutation("insertRecord");
    const ticket = (uuid: string) => ({
      records: [{ tablename: "ticket", uuid, ticketdesc: "The gate does not close", bu_id: siteId }],
    });
    const deliveriesOf = async (uuid: string) =>
      (
        await facility.all<{ deliveries: number }>("select deliveries from mobile_message where $1 = any (uuids)", [
          uuid,
        ])
      ).map(({ deliveries }) => deliveries);

    test("is of its device: another device of the person numbers as it likes", async () => {
      const second = `${phone.deviceId}-2`;
      const input = { loginid: phone.loginId, password: PASSWORD, deviceid: second };
      const token = (await phones.graphql(SIGN_IN, { input })).data.tokenAuth.token as string;
      const uuids = [randomUUID(), randomUUID()] as const;
      const messageId = `of-two-devices-${uuids[0]}`;
      const send = async (as: string, uuid: string) =>
        (await phones.ask(as, "POST", "/mobile/messages", { mutation, variables: ticket(uuid), messageId })).body;
      expect(await send(phone.token, uuids[0])).toMatchObject({ isRepeat: false, uuids: [uuids[0]] });
      expect(await send(token, uuids[1])).toMatchObject({ isRepeat: false, uuids: [uuids[1]] });
      expect(await send(token, uuids[1])).toMatchObject({ isRepeat: true, uuids: [uuids[1]] });
      expect([await deliveriesOf(uuids[0]), await deliveriesOf(uuids[1])]).toEqual([[1], [2]]);
    });

    test("is refused under an id that another message has: what is acknowledged is stored", async () => {
      const [kept, other] = [randomUUID(), randomUUID()];
      const messageId = `taken-${kept}`;
      const send = (uuid: string) =>
        phone.rest("POST", "/mobile/messages", { mutation, variables: ticket(uuid), messageId });
      expect((await send(kept)).body).toMatchObject({ isRepeat: false, uuids: [kept] });
      expect(await send(other)).toMatchObject({ status: 409, body: { error: { code: "MESSAGE_ID_CONFLICT" } } });
      const { errors } = await phone.graphql(
        `mutation L($m: String!, $v: JSON, $id: String) {
           enqueueMutation(mutation: $m, variables: $v, messageId: $id) { taskId } }`,
        { m: mutation, v: ticket(other), id: messageId },
      );
      expect(errors[0].extensions.code).toBe("MESSAGE_ID_CONFLICT");
      expect((await send(kept)).body).toMatchObject({ isRepeat: true, uuids: [kept] });
      expect([await deliveriesOf(kept), await deliveriesOf(other)]).toEqual([[2], []]);
    });
  });

  describe("delta queries", () => {
    test("give the client's rows with their types, and go on where they stopped", async () => {
      const ask = (after: string | null) =>
        phone.graphql(
          "query S($after: String) { sites(modifiedAfter: $after) { items { id code latitude enabled } modifiedAfter hasMore } }",
          { after },
        );
      const clientId = await facility.clientOf(siteId);
      const { n } = await facility.one<{ n: number }>("select count(*)::integer as n from site where client_id = $1", [
        clientId,
      ]);
      // A transaction anywhere in the server, another test's too, holds the news back until it has ended.
      const first = await eventually(async () => {
        const answer = await ask(null);
        return answer.data.sites.items.length === n && answer;
      }, 60_000);
      expect(first.errors).toBeUndefined();
      expect(first.data.sites.items.map(({ id }: { id: number }) => id)).toContain(siteId);
      await facility.database.query("update site set latitude = 12.5 where id = $1", [siteId]);
      const next = await eventually(async () => {
        const answer = await ask(first.data.sites.modifiedAfter);
        return answer.data.sites.items.length > 0 && answer;
      }, 60_000);
      expect(next.data.sites.items).toEqual([{ id: siteId, code: expect.any(String), latitude: 12.5, enabled: true }]);
    });
  });

  describe("what is refused", () => {
    const deep = `{ me { name ${"... on Me { ".repeat(12)} name ${"}".repeat(12)} } }`;
    test.each([
      ["nesting", deep, "QUERY_TOO_COSTLY"],
      [
        "a hundred aliases",
        `{ ${Array.from({ length: 100 }, (_, n) => `a${n}: me { name }`).join(" ")} }`,
        "QUERY_TOO_COSTLY",
      ],
      [
        "everything at once",
        `{ ${Array.from({ length: 20 }, (_, n) => `a${n}: jobneeds(limit: 2000) { items { id uuid name status remarks } }`).join(" ")} }`,
        "QUERY_TOO_COSTLY",
      ],
      [
        "a circle of fragments",
        "query { me { ...A } } fragment A on Me { ...B } fragment B on Me { ...A }",
        "QUERY_TOO_COSTLY",
      ],
      ["a long text", `{ me { name } } # ${"x".repeat(70_000)}`, "QUERY_TOO_COSTLY"],
      ["what does not parse", "{ me { name ", "QUERY_INVALID"],
      ["an unknown field", "{ passwords }", "QUERY_INVALID"],
      ["two operations", "query A { me { name } } query B { me { name } }", "QUERY_INVALID"],
      [
        "a mutation on records beside another",
        "mutation { logoutUser { success } insertRecord(records: []) { rc } }",
        "QUERY_INVALID",
      ],
    ])("is %s", async (_what, query, code) => {
      const { status, errors, data } = await phone.graphql(query);
      expect({ status, code: errors?.[0]?.extensions?.code }).toEqual({ status: 400, code });
      expect(data).toBeUndefined();
    });

    test("is everything but signing in, without a token or with one that is none", async () => {
      const query = "{ me { name } }";
      expect((await phones.graphql(query)).status).toBe(401);
      expect((await phones.graphql("{ __schema { types { name } } }")).status).toBe(401);
      const [head, , tail] = phone.token.split(".");
      const forged = `${head}.${btoa(JSON.stringify({ sub: "1", use: "access" })).replaceAll("=", "")}.${tail}`;
      expect((await phones.graphql(query, undefined, forged)).status).toBe(401);
      const none = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${phone.token.split(".")[1]}.`;
      expect((await phones.graphql(query, undefined, none)).status).toBe(401);
    });

    test("is a token of another role, a person's too: it would write where it may only read", async () => {
      const reader = { name: "reader", role: "viewer", personId: phone.personId };
      const { body } = await phones.ask(TOKENS.admin, "POST", "/accounts/tokens", reader);
      const uuid = randomUUID();
      const records = [{ tablename: "ticket", uuid, ticketdesc: "The gate does not close", bu_id: siteId }];
      const mutation = recordsMutation("insertRecord");
      const later = "mutation L($m: String!, $v: JSON) { enqueueMutation(mutation: $m, variables: $v) { taskId } }";
      const answers = [
        await phones.graphql(mutation, { records }, body.token),
        await phones.graphql(later, { m: mutation, v: { records } }, body.token),
        await phones.graphql("{ me { name } }", undefined, TOKENS.admin),
      ];
      expect(answers.map(({ status, errors }) => [status, errors?.[0]])).toMatchObject([
        [403, { message: "this needs the role person; yours is viewer", extensions: { code: "FORBIDDEN" } }],
        [403, { extensions: { code: "FORBIDDEN" } }],
        [403, { message: "this needs the role person; yours is admin", extensions: { code: "FORBIDDEN" } }],
      ]);
      expect(await facility.all("select 1 from mobile_message where $1 = any (uuids)", [uuid])).toEqual([]);
    });

    test("is a message too large for HTTP, and too many records", async () => {
      const mutation = recordsMutation("insertRecord");
      const large = await phone.graphql(mutation, { records: [{ remarks: "x".repeat(2_000_000) }] });
      expect(large.status).toBe(413);
      // A stranger gets no further than a sign-in needs.
      expect((await phones.graphql(mutation, { records: ["x".repeat(20_000)] })).status).toBe(413);
      const many = await phone.graphql(mutation, { records: Array.from({ length: 2_001 }, () => ({})) });
      expect(many.errors[0]).toMatchObject({ extensions: { code: "PARAMS_INVALID" } });
    });

    test("are records that are none, one by one", async () => {
      const { data } = await phone.graphql(recordsMutation("insertRecord"), {
        records: ["{ broken", 7, {}, { tablename: "person", uuid: randomUUID() }, { tablename: "ticket", uuid: "no" }],
      });
      expect(data.insertRecord.rc).toBe(1);
      expect(data.insertRecord.records.map(({ code }: { code: string }) => code)).toEqual(
        Array(5).fill("PARAMS_INVALID"),
      );
      expect(data.insertRecord.records.every(({ rc }: { rc: number }) => rc === 1)).toBe(true);
    });
  });
});
