// One ticket: its state and what it may become, who has it, how it climbed, everything that happened to it.
import { useState } from "preact/hooks";
import { send } from "../../core/api.ts";
import { may } from "../../core/me.ts";
import type { Items } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { Button } from "../../parts/button.tsx";
import { Card, Facts } from "../../parts/card.tsx";
import { confirm } from "../../parts/dialog.tsx";
import { TextField } from "../../parts/fields.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { say } from "../../parts/toast.tsx";
import { When } from "../../parts/when.tsx";
import { useNames } from "./names.ts";
import type { TicketEvent, Ticket as TicketRow } from "./shapes.ts";
import { FacilityState, Priority, wordOf } from "./states.tsx";
import { Level } from "./ticket-table.tsx";

/** As the tickets' room has it; what it would refuse is not offered. */
const TRANSITIONS: Readonly<Record<string, readonly string[]>> = {
  NEW: ["OPEN", "ONHOLD", "RESOLVED", "CANCELLED"],
  OPEN: ["ONHOLD", "RESOLVED", "CANCELLED"],
  ONHOLD: ["OPEN", "RESOLVED", "CANCELLED"],
  RESOLVED: ["OPEN", "CLOSED"],
};
const VERBS: Readonly<Record<string, string>> = {
  OPEN: "Open",
  ONHOLD: "Put on hold",
  RESOLVED: "Resolve",
  CLOSED: "Close",
  CANCELLED: "Cancel the ticket",
};
/** What it does not come back from. */
const ENDS: Readonly<Record<string, string>> = {
  CANCELLED: "Nobody looks after it any more, and it cannot be opened again.",
  CLOSED: "What was done is accepted, and it cannot be opened again.",
};
const LIVE = ["ticket.updated", "ticket.escalated"] as const;

export function Ticket({ id = "" }: Readonly<Record<string, string>>) {
  const ticket = useQuery<TicketRow>(`/tickets/${id}`, { live: LIVE });
  const history = useQuery<Items<TicketEvent>>(`/tickets/${id}/history?limit=200`, { live: LIVE });
  const names = useNames();
  const [comment, setComment] = useState("");
  const reload = () => Promise.all([ticket.reload(), history.reload()]);
  const become = async (status: string) => {
    const verb = VERBS[status] ?? status;
    const end = ENDS[status];
    if (end !== undefined) {
      const title = `${verb}${status === "CLOSED" ? " the ticket" : ""}?`;
      const isSure = await confirm({ title, body: end, verb, isDangerous: status === "CANCELLED" });
      if (!isSure) return;
    }
    await send("POST", `/tickets/${id}/transition`, { status });
    say(`The ticket is ${wordOf(status).toLowerCase()}`);
    await reload();
  };
  const tell = async () => {
    await send("POST", `/tickets/${id}/comments`, { comment });
    setComment("");
    await reload();
  };
  const data = ticket.data;
  return (
    <Page
      title={data === undefined ? `Ticket ${id}` : `Ticket ${data.number}`}
      back={{ href: "/tickets", label: "Tickets" }}
      hint={data?.description}
      heading={
        <>
          Ticket <span class="mono">{data?.number ?? id}</span>
          {data === undefined ? null : <FacilityState state={data.status} />}
        </>
      }
      actions={(TRANSITIONS[data?.status ?? ""] ?? []).map((status) => (
        <Button
          key={status}
          needs="operator"
          tone={status === "CANCELLED" ? "danger" : "plain"}
          onClick={() => become(status)}
        >
          {VERBS[status]}
        </Button>
      ))}
    >
      <Card>
        <Loaded query={ticket}>
          {(row) => (
            <Facts
              of={[
                [
                  "Site",
                  <a key="site" href={`/sites/${row.siteId}`}>
                    {names.site(row.siteId)}
                  </a>,
                ],
                ["Priority", <Priority key="priority" priority={row.priority} />],
                ["With", names.person(row.assignedToPersonId)],
                ["Category", row.category === null ? undefined : spoken(row.category)],
                [
                  "Climbed",
                  row.isEscalated ? (
                    <span key="level">
                      <Level level={row.level} /> <When at={row.escalatedAt} />
                    </span>
                  ) : (
                    "not yet"
                  ),
                ],
                [
                  "Opened",
                  <span key="opened">
                    <When at={row.createdAt} /> by {row.createdBy}
                  </span>,
                ],
                ["Changed", <When key="changed" at={row.updatedAt} />],
                ["Came from", wordOf(row.source)],
              ]}
            />
          )}
        </Loaded>
      </Card>
      <Card title="What happened">
        <Loaded query={history}>
          {({ items }) => (
            <ol class="happened">
              {items.map((event) => (
                <li key={event.id}>
                  <span class="dot" />
                  <div>
                    <strong>{wordOf(event.action.toUpperCase())}</strong> <span class="muted">by {event.actor}, </span>
                    <When at={event.at} />
                    <p>{wordsOf(event)}</p>
                  </div>
                </li>
              ))}
            </ol>
          )}
        </Loaded>
        {may("operator") ? (
          <form
            class="comment"
            onSubmit={(event) => {
              event.preventDefault();
            }}
          >
            <TextField label="Comment" lines={2} value={comment} onInput={setComment} />
            <Button disabled={comment.trim() === ""} onClick={tell}>
              Comment
            </Button>
          </form>
        ) : null}
      </Card>
    </Page>
  );
}

/** What an event says beyond its name: `status new, priority high`. */
function wordsOf({ details }: TicketEvent): string {
  return Object.entries(details ?? {})
    .filter(([, value]) => value !== null && typeof value !== "object")
    .map(([name, value]) => (name === "comment" ? String(value) : `${name} ${spoken(value)}`))
    .join(", ");
}

/** What is written in capitals is a name of the system's. */
function spoken(value: unknown): string {
  const text = String(value);
  return /^[A-Z_]+$/.test(text) ? wordOf(text).toLowerCase() : text;
}
