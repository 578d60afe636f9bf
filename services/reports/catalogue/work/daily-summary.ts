/**
 * TASKSUMMARY and TOURSUMMARY: for each site and day, how much work there was, and what became of it. Days are those of
 * each site's own clocks. Tours are counted, not their checkpoints.
 */
import { z } from "zod";
import { type Scope, Values } from "../../../scope.ts";
import { defineReport } from "../../definition.ts";
import type { Column, Row } from "../../document.ts";
import { checkRange } from "../../period.ts";
import type { ReportReader } from "../../reader.ts";
import { chooseSites, type SiteChoice, siteFacts } from "../site-choice.ts";
import { dailyChart } from "./daily-chart.ts";
import { ofSpan, PLANNED, percentage, percentageTone, span } from "./work-span.ts";

const params = z.strictObject(span).superRefine(checkRange);
type Params = z.output<typeof params>;

interface Kind {
  readonly key: string;
  readonly noun: "Task" | "Tour";
  readonly identifier: "TASK" | "INTERNALTOUR";
}

interface Counts {
  readonly site: string;
  readonly day: string;
  readonly total: number;
  readonly scheduled: number;
  readonly adhoc: number;
  readonly completed: number;
  readonly completedScheduled: number;
  readonly pending: number;
  readonly closed: number;
}

function dailySummary({ key, noun, identifier }: Kind) {
  return defineReport<Params>({
    key,
    title: `${noun} Summary`,
    description: `${noun}s of each site and day: how many there were, done, waiting and closed undone.`,
    formats: ["pdf", "xlsx", "csv", "json", "html"],
    params,
    period: "range",
    async document({ params: asked, scope, now }, reader) {
      const sites = await chooseSites(reader, scope, asked.siteIds);
      const counts = await countsOf(reader, scope, sites, asked, identifier);
      const chart = dailyChart(`${noun}s a day`, counts);
      const rows = counts.map((one) => rowOf(one, noun));
      return {
        title: `${noun} Summary`,
        facts: siteFacts(sites, asked),
        clientName: sites.clientName,
        timezone: sites.timezone,
        generatedAt: new Date(now).toISOString(),
        orientation: "landscape",
        sections: [
          {
            kind: "table",
            ...(chart === undefined ? {} : { chart }),
            columns: columnsOf(noun),
            rows: [rows],
            totals: () => (counts.length < 2 ? undefined : totalsOf(counts, noun)),
          },
        ],
      };
    },
  });
}

export const taskSummary = dailySummary({ key: "TASKSUMMARY", noun: "Task", identifier: "TASK" });
export const tourSummary = dailySummary({ key: "TOURSUMMARY", noun: "Tour", identifier: "INTERNALTOUR" });

function columnsOf(noun: Kind["noun"]): Column[] {
  const count = (key: string, title: string): Column => ({ key, title, kind: "integer", width: 0.8 });
  return [
    { key: "site", title: "Site", kind: "text", width: 1.6 },
    { key: "day", title: noun === "Task" ? "Planned Date" : "Date", kind: "date" },
    count("total", `Total ${noun}s`),
    count("scheduled", "Total Scheduled"),
    count("adhoc", "Total Adhoc"),
    count("completed", "Total Completed"),
    ...(noun === "Task" ? [count("notPerformed", "Not Performed")] : []),
    count("pending", "Total Pending"),
    count("closed", "Total Closed"),
    { key: "percentage", title: "Percentage", kind: "percent", width: 0.8, toneKey: "tone" },
  ];
}

/** Of tasks, the scheduled ones that were done among those that were scheduled; of tours, those done among all. */
function rowOf(counts: Counts, noun: Kind["noun"]): Row {
  const { completedScheduled, ...shown } = counts;
  const percent =
    noun === "Task" ? percentage(completedScheduled, counts.scheduled) : percentage(counts.completed, counts.total);
  return {
    ...shown,
    notPerformed: counts.total - counts.completed,
    percentage: percent,
    tone: percentageTone(percent),
  };
}

function totalsOf(counts: readonly Counts[], noun: Kind["noun"]): Row {
  const sum = (field: Exclude<keyof Counts, "site" | "day">) => counts.reduce((total, one) => total + one[field], 0);
  const all: Counts = {
    ...{ site: "Total", day: "", total: sum("total"), scheduled: sum("scheduled"), adhoc: sum("adhoc") },
    ...{ completed: sum("completed"), completedScheduled: sum("completedScheduled") },
    ...{ pending: sum("pending"), closed: sum("closed") },
  };
  return { ...rowOf(all, noun), day: null };
}

function countsOf(
  reader: ReportReader,
  scope: Scope,
  sites: SiteChoice,
  asked: Params,
  identifier: string,
): Promise<Counts[]> {
  const values = new Values();
  const day = `(${PLANNED} at time zone s.timezone)::date`;
  return reader.all<Counts>(
    `select s.name as site, ${day}::text as day, count(*)::integer as total,
       count(*) filter (where n.job_type = 'SCHEDULE')::integer as scheduled,
       count(*) filter (where n.job_type = 'ADHOC')::integer as adhoc,
       count(*) filter (where n.status = 'COMPLETED')::integer as completed,
       count(*) filter (where n.status = 'COMPLETED' and n.job_type = 'SCHEDULE')::integer as "completedScheduled",
       count(*) filter (where n.status in ('ASSIGNED', 'INPROGRESS'))::integer as pending,
       count(*) filter (where n.status = 'AUTOCLOSED')::integer as closed
     from jobneed n join site s on s.id = n.site_id
     where ${ofSpan(scope, sites, asked, values)} and n.identifier = ${values.of(identifier)}
     group by s.name, s.id, ${day} order by s.name, s.id, ${day}`,
    values.list,
  );
}
