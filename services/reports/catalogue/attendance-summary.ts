/**
 * PEOPLEATTENDANCESUMMARY: who was there, from when to when and for how long, a column for each day of the period. Events
 * are those of people who punched themselves or were marked; days and times are those of the site of the event.
 */
import { z } from "zod";
import { plainArray } from "../../../database/index.ts";
import { id } from "../../fields.ts";
import { type Scope, Values, within } from "../../scope.ts";
import { defineReport } from "../definition.ts";
import type { Row } from "../document.ts";
import { checkRange, range } from "../period.ts";
import type { ReportReader } from "../reader.ts";
import { attendanceDays, LONGEST_SHIFT_MS } from "./attendance-days.ts";
import { type Attendant, gridColumns, gridRows } from "./attendance-grid.ts";
import { BatchValues } from "./batch-values.ts";
import { chosenRows, oneOf } from "./chosen-rows.ts";
import { localDays } from "./local-days.ts";
import { chooseSites, type SiteChoice, siteFacts, siteIds } from "./site-choice.ts";

const params = z
  .strictObject({ siteIds, personIds: z.array(id).min(1).max(500).optional(), ...range })
  .superRefine(checkRange);
type Params = z.output<typeof params>;

const EVENTS =
  "e.type_id in (select id from type_assist where code in ('SELF', 'MARK', 'SELFATTENDANCE', 'MARKATTENDANCE'))";

export const attendanceSummary = defineReport<Params>({
  key: "PEOPLEATTENDANCESUMMARY",
  title: "People Attendance Summary",
  description: "First in, last out and hours of each person on each day of the period.",
  formats: ["pdf", "xlsx"],
  params,
  period: "range",
  async document({ params: asked, scope, now }, reader) {
    const sites = await chooseSites(reader, scope, asked.siteIds);
    const people = await chosenRows(reader, scope, { field: "personIds", table: "person", ids: asked.personIds });
    const days = localDays(await timezonesOf(reader, sites), asked);
    return {
      title: "People Attendance Summary",
      facts: [
        ...siteFacts(sites, asked),
        ...(people.length > 0 ? [{ label: "People", value: people.map(({ name }) => name).join(", ") }] : []),
      ],
      clientName: sites.clientName,
      timezone: sites.timezone,
      generatedAt: new Date(now).toISOString(),
      orientation: "landscape",
      sections: [{ kind: "table", columns: gridColumns(days), rows: grid(reader, scope, sites, asked, days) }],
    };
  },
});

async function timezonesOf(reader: ReportReader, { ids }: SiteChoice): Promise<string[]> {
  const rows = await reader.all<{ timezone: string }>(
    "select distinct timezone from site where id = any($1::text::bigint[])",
    [plainArray(ids)],
  );
  return rows.map(({ timezone }) => timezone);
}

type PersonRow = Attendant & {
  readonly punches: readonly { readonly in: number | null; readonly out: number | null; readonly timezone: string }[];
};

async function* grid(
  reader: ReportReader,
  scope: Scope,
  sites: SiteChoice,
  { from, upto, personIds }: Params,
  days: readonly string[],
): AsyncGenerator<Row[]> {
  const period = { from: from.getTime(), upto: upto.getTime() };
  const before = new Date(period.from - LONGEST_SHIFT_MS).toISOString();
  const after = new Date(period.upto + LONGEST_SHIFT_MS).toISOString();
  /** Whose out it is shows in the hours around the period. */
  const events = (values: Values): string => {
    const begin = `${values.of(before)}::timestamptz`;
    return `${oneOf("e.site_id", sites.ids, values)} and ${within(scope, "e.client_id", values)} and ${EVENTS}
      and (e.punched_in_at >= ${begin} and e.punched_in_at < ${values.of(upto.toISOString())}::timestamptz or e.punched_in_at is null
        and e.punched_out_at >= ${begin} and e.punched_out_at < ${values.of(after)}::timestamptz)`;
  };
  const values = new Values();
  const ids = `select p.id from person p
    where p.id in (select e.person_id from attendance_event e where ${events(values)})
      and ${within(scope, "p.client_id", values)} and ${oneOf("p.id", personIds, values)} order by p.name, p.code, p.id`;
  const rest = new BatchValues();
  const rows = `select p.details ->> 'department' as department, t.name as designation, p.code, p.name, found.punches
    from unnest($1::text::bigint[]) with ordinality as batch(id, place)
    join person p on p.id = batch.id left join type_assist t on t.id = p.designation_id
    join (select e.person_id, json_agg(json_build_object('in', extract(epoch from e.punched_in_at) * 1000,
            'out', extract(epoch from e.punched_out_at) * 1000, 'timezone', s.timezone) order by e.id) as punches
          from attendance_event e join site s on s.id = e.site_id
          where e.person_id = any($1::text::bigint[]) and ${events(rest)} group by e.person_id) found
      on found.person_id = p.id
    where ${within(scope, "p.client_id", rest)} order by batch.place`;
  const batches = reader.batches<PersonRow>(
    { text: ids, parameters: values.list },
    { text: rows, parameters: rest.others },
  );
  for await (const batch of batches) {
    yield batch.flatMap(({ punches, ...person }) => {
      const attended = attendanceDays(punches, period);
      return attended.size === 0 ? [] : gridRows(person, attended, days);
    });
  }
}
