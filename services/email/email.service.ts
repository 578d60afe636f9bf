// Sends mail: about tickets, about work the server has closed, and before planned maintenance. Facts come over the broker
// from the service they belong to, at the moment of sending, so that a late mail says what is true by then.
import { join } from "node:path";
import type { Context } from "moleculer";
import type { Transporter } from "nodemailer";
import { z } from "zod";
import { parseParams } from "../../runtime/index.ts";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { ServerCheck } from "./check-server.ts";
import { openTransport } from "./delivery.ts";
import { type EmbeddedMailServer, startEmbeddedMailServer } from "./embedded-mail-server.ts";
import { mailTasks } from "./mail-tasks.ts";
import { listMails, pageOf, readMail } from "./mailbox.ts";
import { reportMailTasks } from "./report-mail-tasks.ts";

interface FileMeta {
  file?: { readonly fileName: string; readonly contentType: string; readonly bytes: number };
}

const one = z.object({ file: z.string() });

export function emailService(parts: ServiceParts): TaskServiceSchema {
  const { runtime, settings, log } = parts;
  const folder = join(settings.DATA_DIR, "mail");
  let server: EmbeddedMailServer | undefined;
  let transport: Transporter | undefined;
  const { SMTP_URL } = settings;
  const check = SMTP_URL === undefined ? undefined : new ServerCheck(SMTP_URL, runtime.parts.clock);

  return {
    name: "email",
    tasks: { ...mailTasks(parts, () => transport), ...reportMailTasks(parts, () => transport) },
    actions: {
      /** Of a server of others: the embedded one is in this process. */
      check: async () => ({ findings: (await check?.findings()) ?? [] }),
      async mailbox(ctx: Context<unknown>) {
        const { limit } = parseParams(
          z.object({ limit: z.coerce.number().int().min(1).max(200).default(50) }),
          ctx.params,
        );
        return { items: server === undefined ? [] : await listMails(folder, limit), nextCursor: null };
      },
      mail: (ctx: Context<unknown>) => readMail(folder, parseParams(one, ctx.params).file),
      /** As its reader sees it; its name and type travel in `meta.file`. */
      async mailPage(ctx: Context<unknown, FileMeta>) {
        const page = pageOf(await readMail(folder, parseParams(one, ctx.params).file));
        ctx.meta.file = { fileName: "mail.html", contentType: "text/html; charset=utf-8", bytes: page.length };
        return page;
      },
    },
    async started() {
      if (settings.SMTP_URL === undefined) {
        server = await startEmbeddedMailServer(folder, () => runtime.parts.clock.now());
        log.info(`no SMTP_URL: mail is kept in ${folder}`);
      }
      transport = openTransport(settings.SMTP_URL ?? server?.url);
    },
    async stopped() {
      transport?.close();
      await server?.stop();
    },
  };
}
