/**
 * Tenants: for every action of the facility, rows of another client are NOT_FOUND, are never listed, and cannot be named
 * in a new row. The table is checked against the REST routes, so that no action can be left out.
 */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { FACILITY_ROUTES } from "../../services/gateway/facility-routes.ts";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type FacilityServices, startFacility } from "../support/facility-services.ts";

interface Tenant {
  readonly clientId: number;
  readonly siteId: number;
  readonly personId: number;
  readonly groupId: number;
  readonly memberId: number;
  readonly typeAssistId: number;
  readonly shiftId: number;
  readonly locationId: number;
  readonly assetId: number;
  readonly questionId: number;
  readonly questionSetId: number;
  readonly jobId: number;
  readonly jobneedId: number;
  readonly ticketId: number;
  readonly matrixId: number;
  readonly vendorId: number;
  readonly approverId: number;
}

/** What each action is asked of a tenant's rows. */
type Ask = (of: Tenant) => object;

/** One row: another client's is NOT_FOUND. */
const READ_OR_CHANGE: Readonly<Record<string, Ask>> = {
  "facility.getSite": ({ siteId }) => ({ id: siteId }),
  "facility.changeSite": ({ siteId }) => ({ id: siteId, name: "taken" }),
  "facility.getPerson": ({ personId }) => ({ id: personId }),
  "facility.changePerson": ({ personId }) => ({ id: personId, name: "taken" }),
  "facility.getGroup": ({ groupId }) => ({ id: groupId }),
  "facility.changeGroup": ({ groupId }) => ({ id: groupId, name: "taken" }),
  "facility.groupMembers": ({ groupId }) => ({ id: groupId }),
  "facility.addGroupMember": ({ groupId, personId }) => ({ groupId, personId }),
  "facility.removeGroupMember": ({ groupId, memberId }) => ({ groupId, id: memberId }),
  "facility.getTypeAssist": ({ typeAssistId }) => ({ id: typeAssistId }),
  "facility.changeTypeAssist": ({ typeAssistId }) => ({ id: typeAssistId, name: "taken" }),
  "facility.getShift": ({ shiftId }) => ({ id: shiftId }),
  "facility.changeShift": ({ shiftId }) => ({ id: shiftId, name: "taken" }),
  "facility.getVendor": ({ vendorId }) => ({ id: vendorId }),
  "facility.changeVendor": ({ vendorId }) => ({ id: vendorId, name: "taken" }),
  "facility.getApprover": ({ approverId }) => ({ id: approverId }),
  "facility.changeApprover": ({ approverId }) => ({ id: approverId, enabled: false }),
  "facility.getLocation": ({ locationId }) => ({ id: locationId }),
  "facility.changeLocation": ({ locationId }) => ({ id: locationId, name: "taken" }),
  "facility.getAsset": ({ assetId }) => ({ id: assetId }),
  "facility.changeAsset": ({ assetId }) => ({ id: assetId, runningStatus: "SCRAPPED" }),
  "facility.assetLog": ({ assetId }) => ({ id: assetId }),
  "facility.getQuestion": ({ questionId }) => ({ id: questionId }),
  "facility.changeQuestion": ({ questionId }) => ({ id: questionId, name: "taken" }),
  "facility.getQuestionSet": ({ questionSetId }) => ({ id: questionSetId }),
  "facility.changeQuestionSet": ({ questionSetId }) => ({ id: questionSetId, members: [] }),
  "jobs.get": ({ jobId }) => ({ id: jobId }),
  "jobs.change": ({ jobId }) => ({ id: jobId, name: "taken" }),
  "jobs.next": ({ jobId }) => ({ id: jobId }),
  "jobs.run": ({ jobId }) => ({ id: jobId }),
  "jobs.misses": ({ jobId }) => ({ id: jobId }),
  "jobs.getJobneed": ({ jobneedId }) => ({ id: jobneedId }),
  "jobs.startJobneed": ({ jobneedId }) => ({ id: jobneedId }),
  "jobs.completeJobneed": ({ jobneedId }) => ({ id: jobneedId }),
  "jobs.moveJobneed": ({ jobneedId }) => ({ id: jobneedId, status: "WORKING" }),
  "tickets.get": ({ ticketId }) => ({ id: ticketId }),
  "tickets.change": ({ ticketId }) => ({ id: ticketId, description: "taken" }),
  "tickets.transition": ({ ticketId }) => ({ id: ticketId, status: "CANCELLED" }),
  "tickets.comment": ({ ticketId }) => ({ id: ticketId, comment: "taken" }),
  "tickets.history": ({ ticketId }) => ({ id: ticketId }),
  "tickets.overview": ({ siteId }) => ({ siteId }),
  "jobs.active": ({ siteId }) => ({ siteId }),
  "escalation.getMatrixRow": ({ matrixId }) => ({ id: matrixId }),
  "escalation.changeMatrixRow": ({ matrixId }) => ({ id: matrixId, body: "taken" }),
  "escalation.removeMatrixRow": ({ matrixId }) => ({ id: matrixId }),
};

/** Lists: another client's rows are not in them, whatever is asked for. */
const LIST: Readonly<Record<string, Ask>> = {
  "facility.sites": () => ({}),
  "facility.people": ({ siteId }) => ({ siteId }),
  "facility.groups": () => ({}),
  "facility.typeAssist": () => ({ category: "OWN" }),
  "facility.shifts": ({ siteId }) => ({ siteId }),
  "facility.vendors": () => ({}),
  "facility.approvers": ({ personId }) => ({ personId }),
  "facility.locations": ({ siteId }) => ({ siteId }),
  "facility.assets": ({ siteId }) => ({ siteId }),
  "facility.questions": () => ({}),
  "facility.questionSets": () => ({}),
  "jobs.list": ({ siteId }) => ({ siteId }),
  "jobs.listJobneeds": ({ jobId }) => ({ jobId }),
  "tickets.list": ({ siteId }) => ({ siteId }),
  "escalation.matrix": () => ({}),
  "escalation.reminders": ({ jobId }) => ({ jobId }),
};

/** New rows: another client's site, person, … is no value for them. */
const MAKE: Readonly<Record<string, readonly [field: string, ask: Ask][]>> = {
  "facility.createSite": [
    ["clientId", ({ clientId }) => ({ code: "X", name: "x", timezone: "UTC", clientId })],
    ["parentId", ({ siteId }) => ({ code: "X", name: "x", timezone: "UTC", parentId: siteId })],
    ["kind", () => ({ code: "X", name: "x", timezone: "UTC", kind: "CLIENT" })],
  ],
  "facility.createPerson": [
    ["siteId", ({ siteId }) => ({ name: "x", siteId })],
    ["designationId", ({ typeAssistId }) => ({ name: "x", designationId: typeAssistId })],
  ],
  "facility.createGroup": [["leadId", ({ personId }) => ({ name: "x", leadId: personId })]],
  "facility.createTypeAssist": [["clientId", ({ clientId }) => ({ category: "X", code: "X", name: "x", clientId })]],
  "facility.createShift": [["siteId", ({ siteId }) => ({ name: "x", siteId, startsAt: "06:00", endsAt: "14:00" })]],
  "facility.createVendor": [["siteId", ({ siteId }) => ({ siteId, code: "X", name: "x" })]],
  "facility.createApprover": [["personId", ({ personId }) => ({ personId })]],
  "facility.createLocation": [["siteId", ({ siteId }) => ({ siteId, code: "X", name: "x" })]],
  "facility.createAsset": [["siteId", ({ siteId }) => ({ siteId, code: "X", name: "x" })]],
  "facility.createQuestion": [["clientId", ({ clientId }) => ({ name: "x", clientId })]],
  "facility.createQuestionSet": [
    ["siteId", ({ siteId }) => ({ name: "x", siteId })],
    ["members.0.questionId", ({ questionId }) => ({ name: "x", members: [{ questionId }] })],
  ],
  "jobs.create": [["siteId", ({ siteId }) => ({ siteId, name: "x", validTo: "2100-01-01T00:00:00Z" })]],
  "jobs.preview": [["siteId", ({ siteId }) => ({ siteId, cron: "0 8 * * *" })]],
  "jobs.createJobneed": [["siteId", ({ siteId }) => ({ siteId, name: "x" })]],
  "tickets.create": [["siteId", ({ siteId }) => ({ siteId, description: "x" })]],
  "escalation.createMatrixRow": [
    ["siteId", ({ siteId }) => ({ siteId, category: "GENERAL", level: 9, frequencyValue: 1 })],
    ["jobId", ({ jobId }) => ({ jobId, level: 9, frequencyValue: 1 })],
    ["categoryId", ({ typeAssistId }) => ({ categoryId: typeAssistId, level: 9, frequencyValue: 1 })],
  ],
};

/** Has a suite of its own: facility-sync. */
const ELSEWHERE = ["facility.sync"];

/** Rows of one's own client that are refused nothing, with a row of the other client in one field. */
const NAMING: readonly [action: string, field: string, ask: (own: Tenant, other: Tenant) => object][] = [
  ["facility.changeSite", "inchargeId", (own, other) => ({ id: own.siteId, inchargeId: other.personId })],
  ["facility.changePerson", "siteId", (own, other) => ({ id: own.personId, siteId: other.siteId })],
  ["facility.changeGroup", "leadId", (own, other) => ({ id: own.groupId, leadId: other.personId })],
  ["facility.addGroupMember", "personId", (own, other) => ({ groupId: own.groupId, personId: other.personId })],
  ["facility.changeAsset", "locationId", (own, other) => ({ id: own.assetId, locationId: other.locationId })],
  [
    "facility.changeQuestionSet",
    "members.0.questionId",
    (own, other) => ({ id: own.questionSetId, members: [{ questionId: other.questionId }] }),
  ],
  ["jobs.change", "personId", (own, other) => ({ id: own.jobId, personId: other.personId })],
  ["jobs.change", "notifyCategory", (own, other) => ({ id: own.jobId, notifyCategory: other.typeAssistId })],
  ["jobs.change", "checkpoints.0.siteId", (own, other) => ({ id: own.jobId, checkpoints: [{ siteId: other.siteId }] })],
  ["jobs.startJobneed", "performedById", (own, other) => ({ id: own.jobneedId, performedById: other.personId })],
  ["jobs.completeJobneed", "performedById", (own, other) => ({ id: own.jobneedId, performedById: other.personId })],
  ["jobs.createJobneed", "assetId", (own, other) => ({ siteId: own.siteId, name: "x", assetId: other.assetId })],
  [
    "tickets.create",
    "assignedToPersonId",
    (own, other) => ({ siteId: own.siteId, description: "x", assignedToPersonId: other.personId }),
  ],
  ["tickets.change", "assignedToGroupId", (own, other) => ({ id: own.ticketId, assignedToGroupId: other.groupId })],
  ["tickets.change", "categoryId", (own, other) => ({ id: own.ticketId, categoryId: other.typeAssistId })],
  [
    "escalation.changeMatrixRow",
    "assignedPersonId",
    (own, other) => ({ id: own.matrixId, assignedPersonId: other.personId }),
  ],
];

test("every action behind a route is asked", () => {
  const asked = [...Object.keys(READ_OR_CHANGE), ...Object.keys(LIST), ...Object.keys(MAKE), ...ELSEWHERE];
  expect(asked.sort()).toEqual([...new Set(FACILITY_ROUTES.map(({ action }) => action))].sort());
});

describe.each(availableBackends().filter((name) => name !== "jetstream"))("tenants on %s", (name) => {
  let facility: Facility;
  let services: FacilityServices;
  let own: Tenant;
  let other: Tenant;

  async function makeTenant(): Promise<Tenant> {
    const siteId = await facility.makeSite();
    const clientId = await facility.clientOf(siteId);
    const row = async (table: string, columns: object): Promise<number> => {
      const names = Object.keys(columns);
      const text = `insert into ${table} (client_id, ${names.join(", ")})
        values ($1, ${names.map((_, index) => `$${index + 2}`).join(", ")}) returning id`;
      return (await facility.one<{ id: number }>(text, [clientId, ...Object.values(columns)])).id;
    };
    const groupId = await facility.makeGroup(siteId);
    const personId = await facility.makePerson(siteId);
    const questionSetId = await facility.makeChecklist(siteId, 1);
    const jobId = await facility.makeJob(siteId);
    const jobneedId = await facility.makeJobneed(siteId, { job_id: jobId });
    const matrixId = await facility.makeMatrix({ client_id: clientId, job_id: jobId });
    await row("reminder", {
      site_id: siteId,
      job_id: jobId,
      jobneed_id: jobneedId,
      matrix_id: matrixId,
      remind_at: "2026-01-01T00:00:00Z",
      plan_at: "2026-01-02T00:00:00Z",
    });
    return {
      clientId,
      siteId,
      personId,
      groupId,
      memberId: await facility.addMember(groupId, { personId }),
      typeAssistId: await row("type_assist", { category: "OWN", code: "OWN", name: "Own" }),
      shiftId: await row("shift", { site_id: siteId, name: "Day", starts_at: "06:00", ends_at: "14:00" }),
      locationId: await row("location", { site_id: siteId, code: "L", name: "L" }),
      assetId: await facility.makeAsset(siteId),
      questionId: await row("question", { name: "Own?" }),
      questionSetId,
      jobId,
      jobneedId,
      ticketId: await facility.makeTicket(siteId),
      vendorId: await row("vendor", { code: "V", name: "V" }),
      approverId: await row("approver", { person_id: personId }),
      matrixId,
    };
  }

  beforeAll(async () => {
    facility = await openFacility(name);
    services = await startFacility(facility.backend);
    own = await makeTenant();
    other = await makeTenant();
  }, 400_000);
  afterAll(async () => {
    await facility.backend.reset();
    await services.stop();
    await facility.backend.close();
  }, 400_000);

  /** Everything the other client has, but for rows of the platform. */
  async function stateOf({ clientId }: Tenant): Promise<unknown> {
    const tables = ["site", "person", "people_group", "group_member", "type_assist", "shift", "location", "asset"];
    const more = [
      "question",
      "question_set",
      "question_set_member",
      "job",
      "jobneed",
      "ticket",
      "escalation_matrix",
      "vendor",
      "approver",
    ];
    const rows: unknown[] = [];
    for (const table of [...tables, ...more]) {
      rows.push(
        await facility.all(
          `select '${table}' as t, id, changed_in::text, updated_at from ${table} where client_id = $1 order by id`,
          [clientId],
        ),
      );
    }
    return rows;
  }

  test.each(Object.entries(READ_OR_CHANGE))("%s does not find another client's row", async (action, ask) => {
    const before = await stateOf(other);
    await expect(services.as(own.clientId, action, ask(other))).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await stateOf(other)).toEqual(before);
  });

  test("every one of these actions does find the own client's row", async () => {
    const tenant = await makeTenant();
    for (const [action, ask] of Object.entries(READ_OR_CHANGE)) {
      const code = await services.as(tenant.clientId, action, ask(tenant)).then(
        () => "found",
        (error: { code: string }) => error.code,
      );
      // A completed occurrence may not be moved any more: that is a refusal, of a row that was found.
      expect([action, code]).toEqual([action, action === "jobs.moveJobneed" ? "PARAMS_INVALID" : "found"]);
    }
  });

  test.each(Object.entries(LIST))("%s lists the own client's rows, and none of the other's", async (action, ask) => {
    type Rows = { items: { id: number; clientId?: number | null }[] };
    const mine = await services.as<Rows>(own.clientId, action, { limit: 500, ...ask(own) });
    expect(mine.items.length).toBeGreaterThan(0);
    const theirs = await services.as<Rows>(other.clientId, action, { limit: 500, ...ask(other) });
    const ids = new Set(theirs.items.filter(({ clientId }) => clientId !== null).map(({ id }) => id));
    expect(mine.items.filter(({ id }) => ids.has(id))).toEqual([]);
    const asked = await services.as<Rows>(own.clientId, action, { limit: 500, ...ask(other) });
    expect(asked.items.filter(({ id }) => ids.has(id))).toEqual([]);
    const all = await services.as<Rows>(undefined, action, { limit: 500, ...ask(other) });
    expect(all.items.some(({ id }) => ids.has(id))).toBe(true);
  });

  const makings = Object.entries(MAKE).flatMap(([action, asks]) =>
    asks.map(([field, ask]) => ({ action, field, ask })),
  );
  test.each(makings)("$action refuses another client's row in $field", async ({ action, field, ask }) => {
    const before = await stateOf(other);
    const refusal = { code: "PARAMS_INVALID", fields: [{ field }] };
    await expect(services.as(own.clientId, action, ask(other))).rejects.toMatchObject(refusal);
    expect(await stateOf(other)).toEqual(before);
  });

  test.each(NAMING)(
    "%s refuses another client's row in %s, also from an operator of the whole system",
    async (action, field, ask) => {
      const refusal = { code: "PARAMS_INVALID", fields: [{ field }] };
      await expect(services.as(own.clientId, action, ask(own, other))).rejects.toMatchObject(refusal);
      await expect(services.as(undefined, action, ask(own, other))).rejects.toMatchObject(refusal);
    },
  );

  test("values that are everybody's are seen by all, and changed by operators of the whole system only", async () => {
    const general = await facility.typeAssist("TICKETCATEGORY", "GENERAL");
    const read = { id: general };
    await expect(services.as(own.clientId, "facility.getTypeAssist", read)).resolves.toMatchObject({ clientId: null });
    const change = { id: general, name: "Generally" };
    await expect(services.as(own.clientId, "facility.changeTypeAssist", change)).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(services.as(undefined, "facility.changeTypeAssist", change)).resolves.toMatchObject({
      name: "Generally",
    });
  });

  test("a new row belongs to the asker's client, whatever is asked for", async () => {
    const group = await services.as<{ clientId: number }>(own.clientId, "facility.createGroup", { name: "Mine" });
    expect(group.clientId).toBe(own.clientId);
  });

  test("a ticket's uuid of another client is not answered to who sends it again", async () => {
    const { uuid } = await facility.one<{ uuid: string }>("select uuid from ticket where id = $1", [other.ticketId]);
    const ticket = { siteId: own.siteId, description: "x", uuid };
    await expect(services.as(own.clientId, "tickets.create", ticket)).rejects.toMatchObject({
      fields: [{ field: "uuid" }],
    });
    const work = await facility.one<{ uuid: string }>("select uuid from jobneed where id = $1", [other.jobneedId]);
    const adhoc = { siteId: own.siteId, name: "x", uuid: work.uuid };
    await expect(services.as(own.clientId, "jobs.createJobneed", adhoc)).rejects.toMatchObject({
      fields: [{ field: "uuid" }],
    });
  });
});
