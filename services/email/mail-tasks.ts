// The tasks that send mail: ask for the facts, see whether the mail is still due, lay it out, deliver it.
import type { Transporter } from "nodemailer";
import { codeOf, Reject, type TaskContext } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { noteReminder } from "../escalation/tasks.ts";
import type { ServiceParts } from "../service-parts.ts";
import { type AlertFacts, alertMail } from "./alert-mail.ts";
import { autocloseMail, type ClosedWorkFacts } from "./autoclose-mail.ts";
import { type Delivered, deliver } from "./delivery.ts";
import type { Recipient } from "./recipients.ts";
import { type ReminderFacts, reminderMail } from "./reminder-mail.ts";
import {
  sendAutocloseEmail,
  sendJobReminder,
  sendReadingsAlert,
  sendTicketEmail,
  sendWorkOrderEmail,
} from "./tasks.ts";
import { type TicketFacts, ticketMail } from "./ticket-mail.ts";
import { type WorkOrderFacts, workOrderMail } from "./work-order-mail.ts";

type To = { readonly recipients: readonly Recipient[] };
type TicketMailFacts = TicketFacts & To;
type WorkOrderMailFacts = WorkOrderFacts & To & { readonly pointless: string | null };
type AlertMailFacts = AlertFacts & To;
type CloseMailFacts = ClosedWorkFacts & To;
type ReminderMailFacts = ReminderFacts & To & { readonly pointless: string | null };

/** `transport` is asked for at each mail: it is there once the service has started. */
export function mailTasks(
  { settings }: ServiceParts,
  transport: () => Transporter | undefined,
): NonNullable<TaskServiceSchema["tasks"]> {
  const send = (task: TaskContext, letter: Parameters<typeof deliver>[3]) =>
    deliver(transport(), { from: settings.MAIL_FROM, fallback: settings.ALERT_TO }, task, letter);

  return {
    sendTicketEmail: runs(sendTicketEmail, async (ctx) => {
      const { ticketId, event, level } = ctx.params;
      const asked = { ticketId, event, ...(level === undefined ? {} : { level }) };
      const facts = await ctx.call<TicketMailFacts, object>("tickets.mailFacts", asked).catch(gone("the ticket"));
      const subject = `ticket ${facts.ticket.number}`;
      return send(ctx.locals.task, { subject, recipients: facts.recipients, mail: ticketMail(facts, event, level) });
    }),

    sendAutocloseEmail: runs(sendAutocloseEmail, async (ctx) => {
      const facts = await ctx.call<CloseMailFacts, object>("jobs.closeMailFacts", ctx.params).catch(gone("the work"));
      const { work, recipients } = facts;
      if (work.status === "COMPLETED") return notSent("the work was reported after all");
      return send(ctx.locals.task, { subject: `closed work "${work.name}"`, recipients, mail: autocloseMail(facts) });
    }),

    sendReadingsAlert: runs(sendReadingsAlert, async (ctx) => {
      const facts = await ctx.call<AlertMailFacts, object>("jobs.alertMailFacts", ctx.params).catch(gone("the work"));
      const { work, recipients } = facts;
      if (facts.lines.length === 0) return notSent("no reading is out of range any more");
      return send(ctx.locals.task, { subject: `readings of "${work.name}"`, recipients, mail: alertMail(facts) });
    }),

    sendWorkOrderEmail: runs(sendWorkOrderEmail, async (ctx) => {
      const { event } = ctx.params;
      const facts = await ctx
        .call<WorkOrderMailFacts, object>("workOrders.mailFacts", ctx.params)
        .catch(gone("the order"));
      if (facts.pointless !== null) return notSent(facts.pointless);
      const subject = `work order ${facts.order.number}`;
      return send(ctx.locals.task, { subject, recipients: facts.recipients, mail: workOrderMail(facts, event) });
    }),

    sendJobReminder: runs(sendJobReminder, async (ctx) => {
      const { reminderId } = ctx.params;
      const { task } = ctx.locals;
      const facts = await ctx
        .call<ReminderMailFacts, object>("escalation.reminderMailFacts", { reminderId })
        .catch((error: unknown) => {
          if (codeOf(error) === "NOT_FOUND") return undefined;
          throw error;
        });
      if (facts === undefined) return notSent("the reminder went with its occurrence");
      const note = (outcome: "SUCCESS" | "FAILED" | "MISSED", options = {}) =>
        task.enqueue(noteReminder.with({ reminderId, outcome }), options);
      if (facts.pointless !== null) {
        const { pointless } = facts;
        return task.complete(async (tx) => {
          await note("MISSED", { tx });
          return notSent(pointless);
        });
      }
      const letter = {
        subject: `the reminder for "${facts.job.name}"`,
        recipients: facts.recipients,
        mail: reminderMail(facts),
      };
      const delivered = await send(task, letter).catch(async (error: unknown) => {
        if (isLastTry(error, task)) await note("FAILED");
        throw error;
      });
      return task.complete(async (tx) => {
        await note("SUCCESS", { tx });
        return delivered;
      });
    }),
  };
}

/** Nothing will try again by itself: the reminder is free for the next sweep. */
function isLastTry(error: unknown, task: TaskContext): boolean {
  return error instanceof Reject || task.retries >= (sendJobReminder.settings.maxRetries ?? 0);
}

/** Matched by code: over the bus the class is lost, and a missing row would be retried for half an hour. */
function gone(what: string): (error: unknown) => never {
  return (error) => {
    throw codeOf(error) === "NOT_FOUND" ? new Reject(`${what} is gone`, { cause: error }) : error;
  };
}

function notSent(pointless: string): Delivered & { readonly pointless: string } {
  return { messageId: "", accepted: [], skipped: [], pointless };
}
