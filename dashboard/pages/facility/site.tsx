// One site: its open tickets by state, what is to be done there now and next, its jobs.
import type { Items } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { Card, Stat } from "../../parts/card.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { JobTable } from "./job-table.tsx";
import { JobneedTable } from "./jobneed-table.tsx";
import { useNames } from "./names.ts";
import type { Job, Jobneed, SiteOverview, Site as SiteRow, Ticket } from "./shapes.ts";
import { LocalTime } from "./sites.tsx";
import { wordOf } from "./states.tsx";
import { TicketTable } from "./ticket-table.tsx";

/** Side by side, as long as one another. */
const FIRST = 5;
const OPEN_STATES = ["NEW", "OPEN", "ONHOLD", "RESOLVED"] as const;

export function Site({ id = "" }: Readonly<Record<string, string>>) {
  const site = useQuery<SiteRow>(`/sites/${id}`, { everyMs: 0 });
  const overview = useQuery<SiteOverview>(`/sites/${id}/overview`, {
    live: ["ticket.created", "ticket.updated", "ticket.escalated"],
  });
  const tickets = useQuery<Items<Ticket>>(`/tickets?siteId=${id}&limit=${FIRST}`, {
    live: ["ticket.created", "ticket.updated", "ticket.escalated"],
  });
  const jobs = useQuery<Items<Job>>(`/jobs?siteId=${id}&limit=50`);
  const due = useQuery<Items<Jobneed>>(`/jobneeds?siteId=${id}&status=ASSIGNED&limit=${FIRST}`, {
    live: ["jobneed.completed", "jobneed.autoclosed"],
  });
  const names = useNames();
  const title = site.data?.name ?? `Site ${id}`;
  return (
    <Page
      title={title}
      back={{ href: "/sites", label: "Sites" }}
      hint={site.data === undefined ? undefined : `${site.data.code}, in charge: ${names.person(site.data.inchargeId)}`}
      actions={site.data === undefined ? null : <LocalTime zone={site.data.timezone} />}
    >
      <Loaded query={overview} lines={1}>
        {({ byStatus, openByPriority, oldestOpenAt }) => (
          <div class="stats">
            {OPEN_STATES.map((status) => (
              <Stat
                key={status}
                label={`Tickets ${wordOf(status).toLowerCase()}`}
                value={byStatus[status] ?? 0}
                href={`/tickets?site=${id}&status=${status}`}
              />
            ))}
            <Stat
              label="Of high priority"
              value={openByPriority.HIGH ?? 0}
              {...((openByPriority.HIGH ?? 0) > 0 ? { tone: "bad" as const } : {})}
              href={`/tickets?site=${id}&priority=HIGH`}
            />
            <Stat label="Oldest not ended" value={<When at={oldestOpenAt} />} href={`/tickets?site=${id}`} />
          </div>
        )}
      </Loaded>
      <div class="columns">
        <Card title="Tickets" flush actions={<a href={`/tickets?site=${id}`}>All</a>}>
          <Loaded query={tickets}>{({ items }) => <TicketTable rows={items} names={names} isOfSite />}</Loaded>
        </Card>
        <Card title="To be done next" flush>
          <Loaded query={due}>{({ items }) => <JobneedTable rows={items} names={names} />}</Loaded>
        </Card>
      </div>
      <Card title="Jobs" flush actions={<a href={`/jobs?site=${id}`}>All</a>}>
        <Loaded query={jobs}>{({ items }) => <JobTable rows={items} names={names} isOfSite />}</Loaded>
      </Card>
    </Page>
  );
}
