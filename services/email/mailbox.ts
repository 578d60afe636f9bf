// The mails an embedded system keeps: one .eml file each, in DATA_DIR/mail, newest first.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { AddressObject } from "mailparser";
import { ApiumError } from "../../runtime/index.ts";

const FILE = /^[A-Za-z0-9._@-]{1,200}\.eml$/;

export interface MailSummary {
  readonly file: string;
  readonly messageId: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly subject: string | null;
  readonly date: string | null;
}

export interface Mail extends MailSummary {
  readonly html: string | null;
  readonly text: string | null;
}

export async function listMails(folder: string, limit: number): Promise<MailSummary[]> {
  const files = (await readdir(folder))
    .filter((file) => FILE.test(file))
    .sort()
    .reverse();
  return Promise.all(
    files.slice(0, limit).map(async (file) => {
      const { html, text, ...summary } = await readMail(folder, file);
      return summary;
    }),
  );
}

/** @throws ApiumError `NOT_FOUND`, also for names that could lead elsewhere. */
export async function readMail(folder: string, file: string): Promise<Mail> {
  if (!FILE.test(file)) throw new ApiumError("NOT_FOUND", "there is no such mail");
  const source = await readFile(join(folder, file)).catch(() => {
    throw new ApiumError("NOT_FOUND", "there is no such mail");
  });
  const { simpleParser } = await import("mailparser");
  const mail = await simpleParser(source);
  return {
    file,
    messageId: mail.messageId ?? null,
    from: mail.from?.text ?? null,
    to: addressText(mail.to),
    subject: mail.subject ?? null,
    date: mail.date?.toISOString() ?? null,
    html: mail.html || null,
    text: mail.text ?? null,
  };
}

/** A document of it: its HTML, or its text as it stands. */
export function pageOf({ html, text }: Mail): Buffer {
  const plain = (text ?? "").replaceAll(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return Buffer.from(html ?? `<!doctype html><meta charset="utf-8"><pre style="white-space:pre-wrap">${plain}</pre>`);
}

function addressText(to: AddressObject | AddressObject[] | undefined): string | null {
  if (to === undefined) return null;
  return (Array.isArray(to) ? to : [to]).map((one) => one.text).join(", ");
}
