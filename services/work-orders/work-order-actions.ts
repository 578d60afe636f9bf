// Work orders over the broker. What somebody is to hear of is enqueued with the change.
import { z } from "zod";
import type { Transaction } from "../../database/index.ts";
import { ApiumError, parseParams } from "../../runtime/index.ts";
import { auditChange, shown } from "../change-audit.ts";
import { sendWorkOrderEmail, type WORK_ORDER_EVENTS } from "../email/tasks.ts";
import { ctzoffset, freeText, id, instant, PRIORITIES, page, refused, text } from "../fields.ts";
import { type Asked, authorOf, scopeOf, type Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { askDeciders, decide, decisionsOf } from "./decisions.ts";
import { workOrderEvents } from "./events.ts";
import { workOrderMailFacts } from "./mail-facts.ts";
import { isAgreed, isPermitted, objectionTo, STATUSES } from "./states.ts";
import {
  findWorkOrder,
  IDENTIFIERS,
  insertWorkOrder,
  listHistory,
  listWorkOrders,
  lockWorkOrder,
  lockWorkOrderOfUuid,
  noteHistory,
  type WorkOrder,
} from "./store.ts";

const one = z.strictObject({ id });
const newOrder = z
  .strictObject({
    siteId: id,
    uuid: z.uuid().optional(),
    identifier: z.enum(IDENTIFIERS).default("WO"),
    description: text(10_000),
    priority: z.enum(PRIORITIES).default("LOW"),
    planAt: instant.optional(),
    expiryAt: instant.optional(),
    assetId: id.optional(),
    locationId: id.optional(),
    questionSetId: id.optional(),
    vendorId: id.optional(),
    ctzoffset: ctzoffset.optional(),
  })
  .refine(({ planAt, expiryAt }) => planAt === undefined || expiryAt === undefined || planAt <= expiryAt, {
    message: "must not be before planAt",
    path: ["expiryAt"],
  });
const listing = z.strictObject({
  siteId: id.optional(),
  vendorId: id.optional(),
  identifier: z.enum(IDENTIFIERS).optional(),
  status: z.enum(STATUSES).optional(),
  permitStatus: z.enum(["NOT_REQUIRED", "PENDING", "APPROVED", "REJECTED"]).optional(),
  ...page,
});
const transition = z.strictObject({
  id,
  status: z.enum(STATUSES),
  startedAt: instant.optional(),
  endedAt: instant.optional(),
  performedBy: freeText(200).optional(),
  remarks: freeText(2_000).optional(),
});
const decision = z.strictObject({
  id,
  decision: z.enum(["APPROVED", "REJECTED"]),
  remarks: freeText(2_000).optional(),
  /** Default: who asks. Operators write down what somebody said. */
  personId: id.optional(),
});
const historyPage = z.strictObject({ id, ...page });
const mailFacts = z.strictObject({ workOrderId: id, event: z.string() });

type WorkOrderEvent = (typeof workOrderEvents)[keyof typeof workOrderEvents];
type MailEvent = (typeof WORK_ORDER_EVENTS)[number];

export function workOrderActions({ database, runtime }: ServiceParts, tell: Tell) {
  const now = () => new Date(runtime.parts.clock.now()).toISOString();
  const mail = (tx: Transaction, workOrderId: number, event: MailEvent) =>
    sendWorkOrderEmail.enqueue(runtime, { workOrderId, event }, { tx });

  function announce(tx: Transaction, event: WorkOrderEvent, order: WorkOrder): void {
    const { id: workOrderId, uuid, number, clientId, siteId, status, permitStatus } = order;
    tx.afterCommit(() => tell(event, { id: workOrderId, uuid, number, clientId, siteId, status, permitStatus }));
  }

  return {
    /** Sent again under its uuid it is answered as it is. */
    async create(ctx: Asked) {
      const { ctzoffset: _, ...given } = parseParams(newOrder, ctx.params);
      return database.transaction(async (tx) => {
        const scope = scopeOf(ctx);
        const known = given.uuid === undefined ? undefined : await lockWorkOrderOfUuid(tx, scope, given.uuid);
        if (known !== undefined) return known;
        const { id: made } = await insertWorkOrder(tx, scope, given, authorOf(ctx));
        const order = await findWorkOrder(tx, scope, made);
        if (given.identifier !== "WO") await askDeciders(tx, order);
        const asked = await findWorkOrder(tx, scope, made);
        if (asked.verifierStatus === "PENDING") await mail(tx, made, "verify");
        else if (asked.permitStatus === "PENDING") await mail(tx, made, "approve");
        if (given.identifier === "WO") await mail(tx, made, "created");
        await auditChange(tx, ctx, "work-order.create", made, shown(given));
        announce(tx, workOrderEvents.created, asked);
        return asked;
      });
    },
    async get(ctx: Asked) {
      const { id: orderId } = parseParams(one, ctx.params);
      const order = await findWorkOrder(database, scopeOf(ctx), orderId);
      return { ...order, decisions: await decisionsOf(database, orderId) };
    },
    list: (ctx: Asked) => listWorkOrders(database, scopeOf(ctx), parseParams(listing, ctx.params)),
    /** To another state, as the table of `states.ts` allows. */
    async transition(ctx: Asked) {
      const { id: orderId, status, startedAt, endedAt, performedBy, remarks } = parseParams(transition, ctx.params);
      return database.transaction(async (tx) => {
        const before = await lockWorkOrder(tx, scopeOf(ctx), orderId);
        if (before.status === status) return before;
        const objection = objectionTo(before.status, status);
        if (objection !== undefined) throw refused("status", objection);
        if ((status === "INPROGRESS" || status === "COMPLETED") && !isPermitted(before)) {
          const said = isAgreed(before.verifierStatus)
            ? before.permitStatus
            : `${before.verifierStatus} by those who verify it`;
          throw refused("status", `the permit is ${said}: no work begins without it`);
        }
        await tx.query(
          `update work_order set status = $2, performed_by = coalesce($5, performed_by),
             started_at = coalesce($3::timestamptz, started_at,
               case when $2 in ('INPROGRESS', 'COMPLETED') then $6::timestamptz end),
             ended_at = coalesce($4::timestamptz, case when $2 = 'COMPLETED' then $6::timestamptz else ended_at end)
           where id = $1`,
          [
            orderId,
            status,
            startedAt?.toISOString() ?? null,
            endedAt?.toISOString() ?? null,
            performedBy ?? null,
            now(),
          ],
        );
        await noteHistory(tx, orderId, authorOf(ctx), "status", { from: before.status, to: status, remarks });
        await auditChange(tx, ctx, "work-order.transition", orderId, { from: before.status, status });
        if (status === "CANCELLED") await mail(tx, orderId, "cancelled");
        const order = await findWorkOrder(tx, scopeOf(ctx), orderId);
        announce(tx, workOrderEvents.changed, order);
        return order;
      });
    },
    /** A permit is verified, approved or rejected by one of those who are asked. */
    async decide(ctx: Asked) {
      const { id: orderId, decision: said, remarks, personId } = parseParams(decision, ctx.params);
      const { personId: asker, role } = ctx.meta.user ?? {};
      if (asker === undefined && role === "viewer") {
        throw new ApiumError("FORBIDDEN", "who only looks writes down nobody's decision");
      }
      if (asker !== undefined && personId !== undefined && personId !== asker) {
        throw new ApiumError("FORBIDDEN", "a decision is one's own");
      }
      const who = personId ?? asker;
      if (who === undefined) throw refused("personId", "says whose decision it is");
      return database.transaction(async (tx) => {
        const scope = scopeOf(ctx);
        const before = await lockWorkOrder(tx, scope, orderId);
        const decided = await decide(tx, before, { personId: who, decision: said, remarks, at: now() });
        if (decided.isNew) {
          await noteHistory(tx, orderId, authorOf(ctx), said.toLowerCase(), {
            personId: who,
            role: decided.role,
            remarks,
          });
          const details = { decision: said, personId: who, role: decided.role };
          await auditChange(tx, ctx, "work-order.decide", orderId, details);
          const isVerified = decided.role === "VERIFIER" && decided.verifierStatus === "APPROVED";
          if (said === "REJECTED") await mail(tx, orderId, "rejected");
          else if (isVerified && decided.permitStatus === "PENDING") await mail(tx, orderId, "approve");
          else if (isPermitted(decided)) await mail(tx, orderId, "approved");
        }
        const order = await findWorkOrder(tx, scope, orderId);
        if (decided.isNew) announce(tx, workOrderEvents.decided, order);
        return { ...order, decisions: await decisionsOf(tx, orderId) };
      });
    },
    async history(ctx: Asked) {
      const { id: orderId, ...rows } = parseParams(historyPage, ctx.params);
      await findWorkOrder(database, scopeOf(ctx), orderId);
      return listHistory(database, orderId, rows);
    },
    /** For the e-mail service. */
    mailFacts(ctx: Asked) {
      const { workOrderId, event } = parseParams(mailFacts, ctx.params);
      return workOrderMailFacts(database, workOrderId, event as MailEvent);
    },
  };
}
