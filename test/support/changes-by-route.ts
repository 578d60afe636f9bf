/** A change by each route of the facility: valid requests, on rows of their own, and what the audit must have of them. */
import type { AccountsGateway } from "./accounts.ts";
import { TOKENS } from "./accounts.ts";
import type { Columns, Facility } from "./facility.ts";

/** Stands in every text that people write, and may be in no row of the audit. */
export const CANARY = "canary";

export interface Change {
  readonly action: string;
  /** In place of the parameters of the path. */
  readonly at?: Readonly<Record<string, number>>;
  readonly query?: string;
  readonly body?: object | string;
  /** Of the details. */
  readonly shows?: object;
}

export interface Place {
  readonly facility: Facility;
  readonly gateway: Pick<AccountsGateway, "ask">;
  readonly siteId: number;
  readonly personId: number;
}

/** Makes something over the API. */
export async function made({ gateway }: Pick<Place, "gateway">, path: string, body: object): Promise<number> {
  const answer = await gateway.ask(TOKENS.admin, "POST", path, body);
  if (answer.status > 202) throw new Error(JSON.stringify(answer.body));
  return answer.body.id;
}

/** By method and path, as the route table has them. */
export function changesByRoute(place: Place): Readonly<Record<string, () => Promise<Change>>> {
  const { facility, siteId, personId } = place;
  const make = (path: string, body: object) => made(place, path, body);
  const clientId = () => facility.clientOf(siteId);
  const email = `${CANARY}@facility.example`;
  const checklist = () => facility.makeChecklist(siteId, 1);
  const group = () => facility.makeGroup(siteId);
  const jobneed = (columns: Columns = {}) => facility.makeJobneed(siteId, columns);
  const ticket = () => facility.makeTicket(siteId);
  const job = () => facility.makeJob(siteId);
  const level = async () => facility.makeMatrix({ job_id: await job(), client_id: await clientId() });
  const workOrder = (more: object = {}) => make("/work-orders", { siteId, description: CANARY, ...more });
  const schedule = () => make("/report-schedules", scheduleBody());
  let schedules = 0;
  const scheduleBody = () => ({
    ...{
      siteId,
      name: `${CANARY} ${++schedules}`,
      report: "TASKSUMMARY",
      format: "csv",
      params: { siteIds: [siteId] },
    },
    ...{ cron: "0 0 * * *", to: [email], validFrom: "2020-01-01T00:00:00Z" },
  });
  /** A row of master data is made, then changed. */
  const record = (noun: string, path: string, given: () => Promise<object>, change: object, shows: object) => ({
    [`POST ${path}`]: async () => ({ action: `${noun}.create`, body: await given() }),
    [`PATCH ${path}/:id`]: async () => ({
      ...{ action: `${noun}.change`, at: { id: await make(path, await given()) }, body: change, shows },
    }),
  });
  let codes = 0;
  const coded = (more: object = {}) => ({ code: `${CANARY}-${++codes}`, name: `${CANARY} ${codes}`, ...more });
  const named = (more: object = {}) => ({ name: `${CANARY} ${++codes}`, ...more });

  return {
    "POST /accounts/tokens": async () => ({ action: "token.create", body: { name: "a token", role: "viewer" } }),
    "DELETE /accounts/tokens/:id": async () => ({
      ...{ action: "token.revoke", at: { id: await make("/accounts/tokens", { name: "a token", role: "viewer" }) } },
    }),
    "POST /people/:id/password": async () => ({
      ...{
        action: "person.password",
        at: { id: await make("/people", named({ siteId, loginId: `${CANARY}-login` })) },
      },
      body: { password: `${CANARY} 0123456789` },
    }),
    ...record(
      ...(["site", "/sites", async () => coded({ timezone: "UTC", clientId: await clientId() })] as const),
      { timezone: "Asia/Kolkata", name: `${CANARY} of another name`, enabled: true },
      { timezone: "Asia/Kolkata", alsoSet: ["name"] },
    ),
    ...record(
      ...(["person", "/people", async () => coded({ siteId, email, phone: CANARY })] as const),
      { isAdmin: true, deviceId: CANARY, secondaryEmails: [email], details: { [CANARY]: CANARY } },
      { isAdmin: true, alsoSet: ["secondaryEmails", "deviceId", "details"] },
    ),
    ...record("group", "/groups", async () => named({ siteId }), { leadId: null, enabled: false }, { enabled: false }),
    ...record("type-assist-value", "/type-assist", async () => coded({ category: "CANARY" }), { enabled: false }, {}),
    ...record(
      ...(["shift", "/shifts", async () => named({ siteId, startsAt: "06:00", endsAt: "14:00" })] as const),
      { endsAt: "15:00" },
      { endsAt: "15:00" },
    ),
    ...record("vendor", "/vendors", async () => coded({ siteId, email }), { description: CANARY }, {}),
    ...record(
      ...(["approver", "/approvers", async () => ({ personId: await facility.makePerson(siteId), siteId })] as const),
      { approves: ["WORKPERMIT"] },
      { approves: ["WORKPERMIT"] },
    ),
    ...record("location", "/locations", async () => coded({ siteId }), { status: "SCRAPPED" }, { status: "SCRAPPED" }),
    ...record("asset", "/assets", async () => coded({ siteId }), { runningStatus: "SCRAPPED", multifactor: 2 }, {}),
    ...record("question", "/questions", async () => named({ answerType: "NUMERIC" }), { alertOn: CANARY }, {}),
    ...record("question-set", "/question-sets", async () => named({ siteId }), { members: [] }, { questions: 0 }),
    "POST /groups/:groupId/members": async () => ({
      ...{ action: "group.add-member", at: { groupId: await group() }, body: { personId }, shows: { personId } },
    }),
    "DELETE /groups/:groupId/members/:id": async () => {
      const groupId = await group();
      const id = await facility.addMember(groupId, { personId });
      return { action: "group.remove-member", at: { groupId, id }, shows: { memberId: id, personId } };
    },
    "POST /jobs": async () => ({
      ...{ action: "job.create", shows: { cron: "0 8 * * *", siteId } },
      body: named({ siteId, cron: "0 8 * * *", validTo: "2100-01-01T00:00:00Z", description: CANARY }),
    }),
    "PATCH /jobs/:id": async () => ({
      ...{
        action: "job.change",
        at: { id: await job() },
        body: { graceTime: 20, expiryTime: 15, details: { CANARY } },
      },
      shows: { graceTime: 20, alsoSet: ["details"] },
    }),
    "POST /jobs/:id/run": async () => ({ action: "job.run", at: { id: await job() } }),
    "POST /jobneeds": async () => ({ action: "jobneed.create", body: named({ siteId, remarks: CANARY }) }),
    "POST /jobneeds/:id/start": async () => ({
      ...{ action: "jobneed.start", at: { id: await jobneed() }, body: { performedById: personId } },
      shows: { status: "INPROGRESS", performedById: personId },
    }),
    "POST /jobneeds/:id/complete": async () => ({
      ...{ action: "jobneed.complete", at: { id: await jobneed({ status: "INPROGRESS" }) } },
      ...{ body: { remarks: CANARY, latitude: 1, longitude: 2 }, shows: { status: "COMPLETED" } },
    }),
    "POST /jobneeds/:id/move": async () => ({
      ...{ action: "jobneed.move", at: { id: await jobneed() }, body: { status: "STANDBY" } },
      shows: { from: "ASSIGNED", status: "STANDBY" },
    }),
    "POST /tickets": async () => ({
      ...{ action: "ticket.create", body: { siteId, description: CANARY, priority: "HIGH", category: CANARY } },
      shows: { siteId, priority: "HIGH", alsoSet: ["description", "category"] },
    }),
    "PATCH /tickets/:id": async () => ({
      ...{ action: "ticket.change", at: { id: await ticket() }, body: { priority: "HIGH", comments: CANARY } },
      shows: { priority: "HIGH", alsoSet: ["comments"] },
    }),
    "POST /tickets/:id/transition": async () => ({
      ...{ action: "ticket.change", at: { id: await ticket() }, body: { status: "OPEN" }, shows: { status: "OPEN" } },
    }),
    "POST /tickets/:id/comments": async () => ({
      ...{ action: "ticket.comment", at: { id: await ticket() }, body: { comment: CANARY } },
    }),
    "POST /escalation-matrix": async () => ({
      ...{ action: "escalation-level.create", shows: { level: 2 } },
      body: { jobId: await job(), level: 2, frequencyValue: 3, notify: [email], body: CANARY },
    }),
    "PATCH /escalation-matrix/:id": async () => ({
      ...{ action: "escalation-level.change", at: { id: await level() }, body: { level: 1, frequencyValue: 31 } },
      shows: { frequencyValue: 31 },
    }),
    "DELETE /escalation-matrix/:id": async () => ({ action: "escalation-level.remove", at: { id: await level() } }),
    "POST /imports": async () => ({ action: "import.create", body: {} }),
    "POST /imports/:id/run": async () => ({
      ...{ action: "import.run", at: { id: await make("/imports", {}) }, body: { dryRun: true } },
      shows: { dryRun: true, skipBad: false },
    }),
    "POST /reports": async () => ({
      ...{ action: "report.order", shows: { report: "PEOPLEQR", format: "pdf", recipients: 1 } },
      body: { report: "PEOPLEQR", params: { siteIds: [siteId] }, to: [email] },
    }),
    "POST /reports/:id/retry": async () => {
      const id = await make("/reports", { report: "PEOPLEQR", params: { siteIds: [siteId] } });
      await facility.database.query("update report_run set state = 'FAILED' where id = $1", [id]);
      return { action: "report.retry", at: { id } };
    },
    "POST /report-schedules": async () => ({ action: "report-schedule.create", body: scheduleBody() }),
    "PATCH /report-schedules/:id": async () => ({
      ...{ action: "report-schedule.change", at: { id: await schedule() }, body: { sendAt: "09:30", cc: [email] } },
      shows: { alsoSet: ["cc"] },
    }),
    "DELETE /report-schedules/:id": async () => ({ action: "report-schedule.remove", at: { id: await schedule() } }),
    "POST /report-schedules/:id/run": async () => ({ action: "report-schedule.run", at: { id: await schedule() } }),
    "POST /attachments": async () => {
      const { uuid } = await facility.one<{ uuid: string }>("select uuid from site where id = $1", [siteId]);
      const query = new URLSearchParams({ ownerTable: "site", ownerUuid: uuid, fileName: CANARY, siteId: `${siteId}` });
      return { action: "attachment.add", query: `${query}`, body: CANARY, shows: { ownerTable: "site", siteId } };
    },
    "POST /work-orders": async () => ({
      ...{ action: "work-order.create", body: { siteId, description: CANARY }, shows: { alsoSet: ["description"] } },
    }),
    "POST /work-orders/:id/transition": async () => ({
      ...{
        action: "work-order.transition",
        at: { id: await workOrder() },
        body: { status: "CANCELLED", remarks: CANARY },
      },
      shows: { from: "ASSIGNED", status: "CANCELLED" },
    }),
    "POST /work-orders/:id/decide": async () => {
      const decider = await facility.makePerson(siteId);
      await make("/approvers", { personId: decider, siteId });
      const id = await workOrder({ identifier: "WP", questionSetId: await checklist() });
      const body = { personId: decider, decision: "APPROVED", remarks: CANARY };
      return { action: "work-order.decide", at: { id }, body, shows: { decision: "APPROVED", personId: decider } };
    },
    "POST /datasets": async () => ({
      action: "dataset.create",
      body: { name: CANARY, rows: [CANARY] },
      shows: { rows: 1 },
    }),
  };
}
