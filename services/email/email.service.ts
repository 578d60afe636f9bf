// Sends mail. Facts come over the broker, the mail goes out over SMTP with a Message-ID that is the task's own, so that
// a receiver can tell a repeated mail from a second one.
import { join } from "node:path";
import type { Context } from "moleculer";
import { createTransport, type SendMailOptions, type SentMessageInfo, type Transporter } from "nodemailer";
import { z } from "zod";
import { codeOf, parseParams, Reject } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { type EmbeddedMailServer, startEmbeddedMailServer } from "./embedded-mail-server.ts";
import { mailFailure } from "./mail-policy.ts";
import { listMails, readMail } from "./mailbox.ts";
import { checkRecipients, headerText, type Recipient } from "./recipients.ts";
import { sendTicketEmail } from "./tasks.ts";
import { type TicketFacts, ticketMail } from "./ticket-mail.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 60_000;

/** `signal` is of nodemailer 9 and later; its types do not know it yet. */
type MailOptions = SendMailOptions & { readonly signal: AbortSignal };
type Facts = TicketFacts & { readonly recipients: readonly Recipient[] };

export function emailService({ runtime, settings, log }: ServiceParts): TaskServiceSchema {
  const folder = join(settings.DATA_DIR, "mail");
  let server: EmbeddedMailServer | undefined;
  let transport: Transporter | undefined;

  return {
    name: "email",
    tasks: {
      sendTicketEmail: runs(sendTicketEmail, async (ctx) => {
        const { ticketId, event } = ctx.params;
        const { task } = ctx.locals;
        const facts = await ctx.call<Facts, object>("tickets.mailFacts", { ticketId, event }).catch(ticketGone);
        const { to, skipped } = checkRecipients(facts.recipients, settings.ALERT_TO);
        if (to.length === 0) {
          throw new Reject(
            `ticket ${facts.ticket.number} has nobody to tell: no assignee with an address, no ALERT_TO`,
          );
        }
        if (transport === undefined) throw new Error("the e-mail service is not started");
        const messageId = `<${task.idempotencyKey}@apium>`;
        try {
          const info: SentMessageInfo = await transport.sendMail({
            from: settings.MAIL_FROM,
            to: to.map(({ name, address }) => ({ name, address })),
            messageId,
            headers: { "X-Apium-Task": headerText(ctx.meta.correlationId ?? task.id, 200) },
            signal: task.signal,
            disableFileAccess: true,
            disableUrlAccess: true,
            ...ticketMail(facts, event),
          } as MailOptions);
          // Whom the server refused while it took the mail for others is reported, not retried: another attempt would
          // send the mail to the others a second time.
          return { messageId, accepted: addresses(info.accepted), skipped: [...skipped, ...addresses(info.rejected)] };
        } catch (error) {
          throw mailFailure(error);
        }
      }),
    },
    actions: {
      async mailbox(ctx: Context<unknown>) {
        const { limit } = parseParams(
          z.object({ limit: z.coerce.number().int().min(1).max(200).default(50) }),
          ctx.params,
        );
        return { items: server === undefined ? [] : await listMails(folder, limit), nextCursor: null };
      },
      mail: (ctx: Context<unknown>) => readMail(folder, parseParams(z.object({ file: z.string() }), ctx.params).file),
    },
    async started() {
      if (settings.SMTP_URL === undefined) {
        server = await startEmbeddedMailServer(folder, () => runtime.parts.clock.now());
        log.info(`no SMTP_URL: mail is kept in ${folder}`);
      }
      transport = createTransport({
        url: settings.SMTP_URL ?? server?.url,
        pool: true,
        maxConnections: 1,
        connectionTimeout: CONNECT_TIMEOUT_MS,
        greetingTimeout: CONNECT_TIMEOUT_MS,
        socketTimeout: SOCKET_TIMEOUT_MS,
      } as object);
    },
    async stopped() {
      transport?.close();
      await server?.stop();
    },
  };
}

/** Matched by code: over the bus the class is lost, and a missing ticket would be retried for half an hour. */
function ticketGone(error: unknown): never {
  throw codeOf(error) === "NOT_FOUND" ? new Reject("the ticket is gone", { cause: error }) : error;
}

function addresses(list: readonly (string | { readonly address: string })[] = []): string[] {
  return list.map((one) => (typeof one === "string" ? one : one.address));
}
