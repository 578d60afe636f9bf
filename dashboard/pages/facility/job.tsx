// One job: its terms, its next times, its occurrences, what was missed; and running it now.
import { send } from "../../core/api.ts";
import { plural } from "../../core/format.ts";
import type { Items } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { inZone } from "../../core/zone.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Card, Facts } from "../../parts/card.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { say } from "../../parts/toast.tsx";
import { When } from "../../parts/when.tsx";
import { CronWords } from "./job-table.tsx";
import { JobneedTable } from "./jobneed-table.tsx";
import { useNames } from "./names.ts";
import { Paged } from "./paged.tsx";
import type { Jobneed, Job as JobRow } from "./shapes.ts";

interface Next {
  readonly timezone: string;
  readonly occurrences: readonly { readonly scheduledAt: string; readonly local: { readonly scheduledAt: string } }[];
}

interface Miss {
  readonly id?: number;
  readonly reason?: string;
  readonly recordedAt?: string;
}

export function Job({ id = "" }: Readonly<Record<string, string>>) {
  const job = useQuery<JobRow>(`/jobs/${id}`, { everyMs: 0 });
  const next = useQuery<Next>(`/jobs/${id}/next?n=5`, { everyMs: 60_000 });
  const misses = useQuery<Items<Miss>>(`/jobs/${id}/misses`, { everyMs: 60_000 });
  const names = useNames();
  const run = async () => {
    await send("POST", `/jobs/${id}/run`);
    say("It is to be done now");
    await Promise.all([next.reload(), job.reload()]);
  };
  return (
    <Page
      title={job.data?.name ?? `Job ${id}`}
      back={{ href: "/jobs", label: "Jobs" }}
      hint={job.data?.description ?? undefined}
      heading={
        <>
          {job.data?.name ?? `Job ${id}`} {job.data?.enabled === false ? <Badge tone="warn">Disabled</Badge> : null}
        </>
      }
      actions={
        <Button needs="operator" icon="run" onClick={run}>
          Run now
        </Button>
      }
    >
      <div class="columns">
        <Card title="Terms">
          <Loaded query={job}>
            {(data) => (
              <Facts
                of={[
                  [
                    "Site",
                    <a key="site" href={`/sites/${data.siteId}`}>
                      {names.site(data.siteId)}
                    </a>,
                  ],
                  ["When", <CronWords key="cron" cron={data.cron} zone={data.timezone} />],
                  ["Who", names.person(data.personId)],
                  ["Takes", `${data.planDuration} min`],
                  ["May begin before", `${data.graceTime} min`],
                  ["May end after", `${data.expiryTime} min`],
                  [
                    "Valid",
                    `${inZone(data.validFrom, data.timezone)} to ${inZone(data.validTo, data.timezone)}, ${data.timezone}`,
                  ],
                  ["Occurrences made until", <When key="until" at={data.generatedUntil} />],
                ]}
              />
            )}
          </Loaded>
        </Card>
        <Card title="Next times">
          <Loaded query={next}>
            {({ occurrences, timezone }) => (
              <ol class="times">
                {occurrences.map(({ scheduledAt, local }) => (
                  <li key={scheduledAt}>
                    {local.scheduledAt.slice(0, 16).replace("T", " ")} <span class="muted">{timezone}, </span>
                    <When at={scheduledAt} />
                  </li>
                ))}
              </ol>
            )}
          </Loaded>
          <Loaded query={misses} lines={1}>
            {({ items }) =>
              items.length === 0 ? null : <p class="notice">{plural(items.length, "time")} could not be made.</p>
            }
          </Loaded>
        </Card>
      </div>
      <Card title="Occurrences" flush>
        <Paged<Jobneed> path={`/jobneeds?jobId=${id}&limit=50`} live={["jobneed.completed", "jobneed.autoclosed"]}>
          {(rows) => <JobneedTable rows={rows} names={names} />}
        </Paged>
      </Card>
    </Page>
  );
}
