// One mail out of the door: recipients checked, a Message-ID that is the task's own (so that a receiver can tell a
// repeated mail from a second one), and a failure that says whether trying again can help.
import type { Readable } from "node:stream";
import { createTransport, type SendMailOptions, type SentMessageInfo, type Transporter } from "nodemailer";
import { Reject, spanned, type TaskContext } from "../../runtime/index.ts";
import type { Mail } from "./mail-layout.ts";
import { mailFailure } from "./mail-policy.ts";
import { checkRecipients, headerText, type Recipient } from "./recipients.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 60_000;

/** `signal` is of nodemailer 9 and later; its types do not know it yet. */
type MailOptions = SendMailOptions & { readonly signal: AbortSignal };

export interface Delivered {
  readonly messageId: string;
  readonly accepted: string[];
  /** No addresses, and whom the server refused while it took the mail for others: another attempt would send it to those again. */
  readonly skipped: string[];
}

export interface Sender {
  readonly from: string;
  /** Comma-separated; told where nobody else can be. */
  readonly fallback: string | undefined;
}

export function openTransport(url: string | undefined): Transporter {
  return createTransport({
    url,
    pool: true,
    maxConnections: 1,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
  } as object);
}

export interface Letter {
  /** What it is about, for an error. */
  readonly subject: string;
  readonly recipients: readonly Recipient[];
  readonly cc?: readonly Recipient[];
  readonly attachments?: readonly Attachment[];
  readonly mail: Mail;
}

export interface Attachment {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Readable;
}

/** @throws Reject when there is nobody to tell, or the server refuses. */
export async function deliver(
  transport: Transporter | undefined,
  sender: Sender,
  task: TaskContext,
  { subject, recipients, cc = [], attachments = [], mail }: Letter,
): Promise<Delivered> {
  const { to, skipped } = checkRecipients(recipients, sender.fallback);
  const copies = checkRecipients(cc);
  if (to.length === 0 && copies.to.length > 0) {
    return deliver(transport, sender, task, { subject, recipients: copies.to, attachments, mail });
  }
  if (to.length === 0) throw new Reject(`${subject} has nobody to tell: nobody with an address, no ALERT_TO`);
  if (transport === undefined) throw new Error("the e-mail service is not started");
  const messageId = `<${task.idempotencyKey}@apium>`;
  try {
    const letter = {
      from: sender.from,
      to: to.map(({ name, address }) => ({ name, address })),
      ...(copies.to.length === 0 ? {} : { cc: copies.to.map(({ name, address }) => ({ name, address })) }),
      messageId,
      headers: { "X-Apium-Task": headerText(task.headers["correlation-id"] ?? task.id, 200) },
      signal: task.signal,
      disableFileAccess: true,
      disableUrlAccess: true,
      attachments: [...attachments],
      ...mail,
    } as MailOptions;
    const attributes = { "apium.mail.recipients": to.length + copies.to.length };
    const start = { name: "send mail", kind: "client", attributes } as const;
    const info: SentMessageInfo = await spanned(start, () => transport.sendMail(letter));
    const accepted = addresses(info.accepted);
    const left = [...skipped, ...copies.skipped, ...addresses(info.rejected)];
    task.log.info(`mail about ${subject} sent`, { accepted: accepted.length, skipped: left.length, messageId });
    return { messageId, accepted, skipped: left };
  } catch (error) {
    throw mailFailure(error);
  }
}

function addresses(list: readonly (string | { readonly address: string })[] = []): string[] {
  return list.map((one) => (typeof one === "string" ? one : one.address));
}
