/** Work orders and permits: numbers, states, who is asked in which order, what is mailed, and reminders once a day. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sendWorkOrderEmail } from "../../services/email/tasks.ts";
import { workOrderMail } from "../../services/email/work-order-mail.ts";
import { facilityModule } from "../../services/facility/index.ts";
import { workOrdersModule } from "../../services/work-orders/index.ts";
import type { WorkOrderMailFacts } from "../../services/work-orders/mail-facts.ts";
import { remindOfWorkOrders } from "../../services/work-orders/reminders.ts";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type RunningServices, startServices } from "../support/services.ts";
import { SetClock } from "../support/sweeps.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of actions, read field by field.
type Any = any;

describe.each(availableBackends().filter((name) => name !== "jetstream"))("work orders on %s", (name) => {
  const clock = new SetClock();
  let facility: Facility;
  let services: RunningServices;
  let siteId: number;
  let clientId: number;
  let maker: number;

  beforeAll(async () => {
    facility = await openFacility(name);
    services = await startServices(facility.backend, {
      modules: [facilityModule, workOrdersModule],
      tasks: [sendWorkOrderEmail],
      runtime: { queues: [], parts: { clock } },
    });
    clock.set("2026-11-23T06:00:00Z");
    siteId = await facility.makeSite({ code: "MILL", name: "Mill", timezone: "Asia/Kolkata" });
    clientId = await facility.clientOf(siteId);
    maker = await facility.makePerson(siteId, { name: "Mia", email: "mia@example.com" });
  }, 400_000);
  afterAll(async () => {
    await services.stop();
    await facility.backend.reset();
    await facility.backend.close();
  }, 400_000);

  const as = <Result = Any>(personId: number | undefined, action: string, params: object) =>
    services.call<Result>(action, params, { user: { name: "x", role: "operator", clientId, personId } });
  const order = (more: object = {}) =>
    as(maker, "workOrders.create", { siteId, description: "Paint the gate", ...more });
  const mailsOf = async (id: number) =>
    (
      await facility.all<{ event: string }>(
        `select params->>'event' as event from task
         where name = 'send_work_order_email' and (params->>'workOrderId')::bigint = $1 order by id`,
        [id],
      )
    ).map(({ event }) => event);
  const facts = (workOrderId: number, event: string) =>
    services.call<WorkOrderMailFacts>("workOrders.mailFacts", { workOrderId, event });

  test("numbers are the site's own, also for many at once; the same uuid is the same order", async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => order()));
    const numbers = made.map(({ number }: Any) => Number(/^MILL#WO(\d+)$/.exec(number)?.[1]));
    expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, n) => n + 1));
    const uuid = crypto.randomUUID();
    const [one, two] = [await order({ uuid }), await order({ uuid })];
    expect(two.id).toBe(one.id);
    expect(await mailsOf(one.id)).toEqual(["created"]);
  });

  test("one uuid at once is one order", async () => {
    const uuid = crypto.randomUUID();
    const made = await Promise.all(Array.from({ length: 5 }, () => order({ uuid })));
    expect(new Set(made.map(({ id }: Any) => id)).size).toBe(1);
    const elsewhere = await facility.makeSite({ code: "ELSEWHERE" });
    const stranger = { user: { name: "s", role: "operator", clientId: await facility.clientOf(elsewhere) } };
    const again = services.call("workOrders.create", { siteId: elsewhere, description: "x", uuid }, stranger);
    await expect(again).rejects.toMatchObject({ code: "PARAMS_INVALID", fields: [{ field: "uuid" }] });
  });

  test("a site with the code that another one had counts past that one's numbers", async () => {
    const old = await facility.makeSite({ code: "DOCK", client_id: clientId });
    for (const number of [1, 2]) expect(await order({ siteId: old })).toMatchObject({ number: `DOCK#WO${number}` });
    await facility.database.query("update site set code = 'DOCK-OLD' where id = $1", [old]);
    const heir = await facility.makeSite({ code: "DOCK", client_id: clientId });
    expect(await order({ siteId: heir })).toMatchObject({ number: "DOCK#WO3" });
    expect(await order({ siteId: old })).toMatchObject({ number: "DOCK-OLD#WO3" });
  });

  test("a permit that is only verified begins when it is, and is nobody's to decide who only looks", async () => {
    const site = await facility.makeSite({ code: "VERIFIED", client_id: clientId });
    const verifier = await facility.makePerson(site, { name: "Vera", email: "vera@example.com" });
    await facility.database.query(
      "insert into approver (client_id, site_id, person_id, role) values ($1, $2, $3, 'VERIFIER')",
      [clientId, site, verifier],
    );
    const permit = await order({ siteId: site, identifier: "WP" });
    const begin = () => as(maker, "workOrders.transition", { id: permit.id, status: "INPROGRESS" });
    expect(permit).toMatchObject({ verifierStatus: "PENDING", permitStatus: "NOT_REQUIRED" });
    await expect(begin()).rejects.toMatchObject({ fields: [{ message: expect.stringContaining("PENDING") }] });
    const viewer = { user: { name: "v", role: "viewer", clientId } };
    const said = { id: permit.id, decision: "APPROVED", personId: verifier };
    await expect(services.call("workOrders.decide", said, viewer)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await as(verifier, "workOrders.decide", { id: permit.id, decision: "APPROVED" });
    expect(await mailsOf(permit.id)).toEqual(["verify", "approved"]);
    expect(await begin()).toMatchObject({ status: "INPROGRESS" });
  });

  test("states follow the table, and a cancelled order is told to its vendor", async () => {
    const vendor = await as(maker, "facility.createVendor", {
      code: "V1",
      name: "Painters",
      email: "paint@example.com",
    });
    const { id } = await order({ vendorId: vendor.id });
    await expect(as(maker, "workOrders.transition", { id, status: "CLOSED" })).rejects.toMatchObject({
      code: "PARAMS_INVALID",
      message:
        "a work order that is ASSIGNED cannot become CLOSED: it can become RE_ASSIGNED or INPROGRESS or COMPLETED or CANCELLED",
    });
    const begun = await as(maker, "workOrders.transition", { id, status: "INPROGRESS" });
    expect(begun.startedAt).toBe("2026-11-23T06:00:00.000Z");
    await as(maker, "workOrders.transition", { id, status: "CANCELLED", remarks: "rain" });
    expect(await mailsOf(id)).toEqual(["created", "cancelled"]);
    expect((await facts(id, "cancelled")).recipients.map(({ address }) => address)).toEqual([
      "paint@example.com",
      "mia@example.com",
    ]);
    const history = await as(maker, "workOrders.history", { id });
    expect(history.items.map(({ action }: Any) => action)).toEqual(["created", "status", "status"]);
  });

  test("a permit asks its verifiers, then its approvers; no work begins before; each decides once", async () => {
    const [vera, adam, anna] = await Promise.all(
      ["vera", "adam", "anna"].map((who) => facility.makePerson(siteId, { name: who, email: `${who}@example.com` })),
    );
    const approver = (personId: number | undefined, role: string) =>
      as(maker, "facility.createApprover", { personId, role, siteId, approves: ["WORKPERMIT"] });
    await approver(vera, "VERIFIER");
    await approver(adam, "APPROVER");
    await approver(anna, "APPROVER");
    const questionSetId = await facility.makeChecklist(siteId, 1);
    await facility.database.query("update question_set set type = 'WORKPERMIT', name = 'Hot work' where id = $1", [
      questionSetId,
    ]);
    const { id, number, permitStatus } = await order({ identifier: "WP", questionSetId });
    expect({ number, permitStatus }).toEqual({ number: "MILL#WP1", permitStatus: "PENDING" });
    const decide = (who: number | undefined, decision: string) => as(who, "workOrders.decide", { id, decision });
    await expect(as(maker, "workOrders.transition", { id, status: "INPROGRESS" })).rejects.toMatchObject({
      code: "PARAMS_INVALID",
    });
    await expect(decide(maker, "APPROVED")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(decide(adam, "APPROVED")).rejects.toMatchObject({ message: "it is not verified yet" });
    const mail = workOrderMail(await facts(id, "verify"), "verify");
    expect(mail.subject).toBe("Hot work-MILL#WP1-Mill-Verification Pending");
    expect((await decide(vera, "APPROVED")).verifierStatus).toBe("APPROVED");
    expect((await facts(id, "approve")).recipients.map(({ name: who }) => who)).toEqual(["adam", "anna"]);
    await decide(adam, "APPROVED");
    await decide(adam, "APPROVED");
    await expect(decide(adam, "REJECTED")).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    expect((await decide(anna, "APPROVED")).permitStatus).toBe("APPROVED");
    expect(await mailsOf(id)).toEqual(["verify", "approve", "approved"]);
    expect((await as(maker, "workOrders.transition", { id, status: "INPROGRESS" })).status).toBe("INPROGRESS");

    const { id: second } = await order({ identifier: "WP", questionSetId });
    const rejected = await as(vera, "workOrders.decide", {
      id: second,
      decision: "REJECTED",
      remarks: "no extinguisher",
    });
    expect(rejected.verifierStatus).toBe("REJECTED");
    await expect(as(adam, "workOrders.decide", { id: second, decision: "APPROVED" })).rejects.toMatchObject({
      message: "the permit was REJECTED already",
    });
    expect(workOrderMail(await facts(second, "rejected"), "rejected").text).toContain("no extinguisher");
  });

  test("another client sees none of it", async () => {
    const { id } = await order();
    const stranger = await facility.makeClient();
    const meta = { user: { name: "s", role: "operator", clientId: stranger } };
    await expect(services.call("workOrders.get", { id }, meta)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(services.call("workOrders.transition", { id, status: "CANCELLED" }, meta)).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect((await services.call<Any>("workOrders.list", {}, meta)).items).toEqual([]);
    await expect(services.call("workOrders.create", { siteId, description: "x" }, meta)).rejects.toMatchObject({
      code: "PARAMS_INVALID",
    });
  });

  test("late orders and undecided permits are reminded of, once a day, in the site's working hours", async () => {
    await facility.database.query("update work_order set status = 'CLOSED', reminded_on = null");
    const { id: late } = await order({ planAt: "2026-11-20T00:00:00Z", expiryAt: "2026-11-22T00:00:00Z" });
    const { id: waiting } = await order({
      identifier: "WP",
      questionSetId: (await facility.one<{ id: number }>("select id from question_set where name = 'Hot work'")).id,
    });
    const { id: fine } = await order({ expiryAt: "2026-12-22T00:00:00Z" });
    await facility.database.query("update work_order set created_at = '2026-11-21T00:00:00Z' where id = $1", [waiting]);
    const remind = () =>
      remindOfWorkOrders({ database: facility.database, runtime: services.runtime }, new AbortController().signal);
    clock.set("2026-11-23T00:30:00Z"); // Six in the morning there.
    expect(await remind()).toEqual({ reminders: 0 });
    clock.set("2026-11-23T06:00:00Z");
    expect((await Promise.all([remind(), remind()])).reduce((sum, { reminders }) => sum + reminders, 0)).toBe(2);
    clock.set("2026-11-23T09:00:00Z");
    expect(await remind()).toEqual({ reminders: 0 });
    clock.set("2026-11-24T06:00:00Z");
    expect(await remind()).toEqual({ reminders: 2 });
    expect(await mailsOf(late)).toEqual(["created", "overdue", "overdue"]);
    expect(await mailsOf(waiting)).toEqual(["verify", "undecided", "undecided"]);
    expect(await mailsOf(fine)).toEqual(["created"]);
    await as(maker, "workOrders.transition", { id: late, status: "COMPLETED" });
    expect((await facts(late, "overdue")).pointless).toBe("the order has ended");
  });
});
