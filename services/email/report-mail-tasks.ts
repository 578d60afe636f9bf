// The tasks that send reports: the facts and the file come from the reports service at the moment of sending, and it hears
// what became of each delivery, in the transaction that ends the mail's task.
import type { Readable } from "node:stream";
import type { Transporter } from "nodemailer";
import { codeOf, Reject, type TaskContext } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { noteReportDelivery } from "../reports/tasks.ts";
import type { ServiceParts } from "../service-parts.ts";
import { type Attachment, deliver, type Letter } from "./delivery.ts";
import type { Recipient } from "./recipients.ts";
import { MOST_ATTACHED_BYTES, type ReportFacts, reportMail } from "./report-mail.ts";
import { sendReportEmail, sendReportNotification } from "./tasks.ts";

interface MailFacts extends ReportFacts {
  readonly recipients: readonly Recipient[];
  readonly cc: readonly Recipient[];
  readonly pointless: string | null;
}

type Call = <Answer>(action: string, params: object) => Promise<Answer>;

export function reportMailTasks(
  { settings }: ServiceParts,
  transport: () => Transporter | undefined,
): NonNullable<TaskServiceSchema["tasks"]> {
  // Nobody but those it is for gets a report: no ALERT_TO in their place.
  const send = (task: TaskContext, letter: Letter) =>
    deliver(transport(), { from: settings.MAIL_FROM, fallback: undefined }, task, letter);

  return {
    sendReportEmail: runs(sendReportEmail, async (ctx) => {
      const { deliveryId } = ctx.params;
      const { task } = ctx.locals;
      const call: Call = (action, params) => ctx.call(action, params);
      const facts = await call<MailFacts>("reports.deliveryMailFacts", { deliveryId }).catch(gone("the delivery"));
      const note = (outcome: "SENT" | "FAILED" | "SKIPPED", more: { messageId?: string } = {}) =>
        noteReportDelivery.with({ deliveryId, outcome, isLate: facts.isLate, ...more });
      const { pointless } = facts;
      if (pointless !== null) {
        return task.complete(async (tx) => {
          await task.enqueue(note("SKIPPED"), { tx });
          return { messageId: "", accepted: [], skipped: [], pointless };
        });
      }
      const delivered = await letterOf(call, facts)
        .then((letter) => send(task, letter))
        .catch(async (error: unknown) => {
          if (isLastTry(error, task, sendReportEmail.settings.maxRetries)) await task.enqueue(note("FAILED"));
          throw error;
        });
      return task.complete(async (tx) => {
        await task.enqueue(note("SENT", { messageId: delivered.messageId }), { tx });
        return delivered;
      });
    }),

    sendReportNotification: runs(sendReportNotification, async (ctx) => {
      const call: Call = (action, params) => ctx.call(action, params);
      const facts = await call<MailFacts>("reports.notificationMailFacts", ctx.params).catch(gone("the report"));
      return send(ctx.locals.task, await letterOf(call, facts));
    }),
  };
}

async function letterOf(call: Call, facts: MailFacts): Promise<Letter> {
  const { report, recipients, cc } = facts;
  return {
    ...{ subject: `report ${report.id} (${report.title})`, recipients, cc, mail: reportMail(facts) },
    attachments:
      report.state === "READY" && (report.bytes ?? 0) <= MOST_ATTACHED_BYTES ? [await fileOf(call, facts)] : [],
  };
}

async function fileOf(call: Call, { report }: MailFacts): Promise<Attachment> {
  const content = await call<Readable>("reports.file", { id: report.id });
  return { filename: report.fileName ?? `report.${report.format}`, contentType: report.contentType, content };
}

function isLastTry(error: unknown, task: TaskContext, maxRetries = 0): boolean {
  return error instanceof Reject || task.retries >= maxRetries;
}

/** Matched by code: over the bus the class is lost, and a missing row would be retried for half an hour. */
function gone(what: string): (error: unknown) => never {
  return (error) => {
    throw codeOf(error) === "NOT_FOUND" ? new Reject(`${what} is gone`, { cause: error }) : error;
  };
}
