// Mails that the embedded mail server keeps instead of sending them on: what a person would have got.
import { moment } from "../../core/format.ts";
import type { Items } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { Card, Empty } from "../../parts/card.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import type { Mail } from "./shapes.ts";

const MOST = 100;
const NO_SUBJECT = "Without a subject";

export function Mailbox({ file }: Readonly<Record<string, string>>) {
  const mails = useQuery<Items<Mail>>(`/mailbox?limit=${MOST}`, { live: ["tasks"] });
  const open = file ?? mails.data?.items[0]?.file;
  return (
    <Page
      title="Mailbox"
      hint="Without SMTP_URL mails are kept here and sent to nobody. With it they leave, and this box stays empty."
    >
      <Card flush>
        <Loaded query={mails}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No mail">Open a ticket with somebody to look after it, and their mail is here.</Empty>
            ) : (
              <div class={`mailbox${file === undefined ? "" : " reading"}`}>
                <nav aria-label="Mails">
                  {items.map((mail) => (
                    <a
                      key={mail.file}
                      href={`/mailbox/${encodeURIComponent(mail.file)}`}
                      aria-current={mail.file === file ? "true" : undefined}
                      data-shown={mail.file === open}
                    >
                      <strong>{mail.subject ?? NO_SUBJECT}</strong>
                      <span>{nameOf(mail.to)}</span>
                      <When at={mail.date} />
                    </a>
                  ))}
                </nav>
                {open === undefined ? null : <Letter file={open} />}
              </div>
            )
          }
        </Loaded>
      </Card>
    </Page>
  );
}

function Letter({ file }: { file: string }) {
  const path = `/mailbox/${encodeURIComponent(file)}`;
  const mail = useQuery<Mail>(path, { everyMs: 0 });
  return (
    <article class="letter">
      <Loaded query={mail}>
        {({ subject, from, to, date }) => (
          <>
            <a class="back letter-back" href="/mailbox">
              ‹ All mails
            </a>
            <h2>{subject ?? NO_SUBJECT}</h2>
            <p class="hint">
              {from ?? "Nobody"} to {to ?? "nobody"}
              {date === null ? "" : `, ${moment(date)}`}
            </p>
            <iframe key={file} title={subject ?? NO_SUBJECT} src={`/api/v1${path}/page`} sandbox="" />
          </>
        )}
      </Loaded>
    </article>
  );
}

/** `"Asha Rao" <asha@…>` is Asha Rao. */
function nameOf(address: string | null): string {
  if (address === null) return "nobody";
  return /^"?([^"<]+?)"?\s*</.exec(address)?.[1] ?? address;
}
