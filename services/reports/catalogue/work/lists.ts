// LISTOFTASKS, LISTOFTOURS, STATICTOURLIST, DYNAMICTOURLIST: the work of a period, one row each.
import { z } from "zod";
import { id } from "../../../fields.ts";
import { defineReport } from "../../definition.ts";
import type { Column, Fact } from "../../document.ts";
import { checkRange } from "../../period.ts";
import { chosenRows } from "../chosen-rows.ts";
import { chooseSites, siteFacts } from "../site-choice.ts";
import { IS_DYNAMIC, workRows } from "./work-list.ts";
import { span } from "./work-span.ts";

const params = z
  .strictObject({
    ...span,
    peopleGroupIds: z.array(id).min(1).max(500).optional(),
    personIds: z.array(id).min(1).max(500).optional(),
  })
  .superRefine(checkRange);
type Params = z.output<typeof params>;

const AT_SITE = { kind: "instant", zoneKey: "timezone" } as const;

const TASK_COLUMNS: readonly Column[] = [
  { key: "site", title: "Site", kind: "text", width: 1.2 },
  { key: "planAt", title: "Planned Date Time", ...AT_SITE, width: 1.1 },
  { key: "name", title: "Description", kind: "text", width: 1.8 },
  { key: "assignedTo", title: "Assigned To", kind: "text" },
  { key: "asset", title: "Asset", kind: "text" },
  { key: "questionSet", title: "Question Set", kind: "text" },
  { key: "status", title: "Status", kind: "status", toneKey: "tone", width: 1.1 },
  { key: "expiryAt", title: "Expired Date Time", ...AT_SITE, width: 1.1 },
  { key: "graceTime", title: "Gracetime", kind: "minutes", width: 0.7 },
];

const TOUR_COLUMNS: readonly Column[] = [
  { key: "client", title: "Client", kind: "text" },
  { key: "site", title: "Site", kind: "text" },
  { key: "name", title: "Tour/Route", kind: "text", width: 1.3 },
  { key: "planAt", title: "Planned Datetime", ...AT_SITE },
  { key: "expiryAt", title: "Expiry Datetime", ...AT_SITE },
  { key: "assignedTo", title: "Assigned To", kind: "text" },
  { key: "jobType", title: "JobType", kind: "text", width: 0.8 },
  { key: "status", title: "Status", kind: "status", toneKey: "tone" },
  { key: "performedAt", title: "Performed On", ...AT_SITE },
  { key: "performedBy", title: "Performed By", kind: "text" },
];
const TIME_BOUND: Column = { key: "timeBound", title: "Is Time Bound", kind: "text", width: 0.7 };

interface List {
  readonly key: string;
  readonly title: string;
  readonly description: string;
  readonly columns: readonly Column[];
  /** On `n` and its job `j`; a constant of the code. */
  readonly condition: string;
}

function list({ key, title, description, columns, condition }: List) {
  return defineReport<Params>({
    ...{ key, title, description, params },
    formats: ["pdf", "xlsx", "csv", "json", "html"],
    period: "range",
    async document({ params: asked, scope, now }, reader) {
      const sites = await chooseSites(reader, scope, asked.siteIds);
      const { peopleGroupIds, personIds } = asked;
      const groups = await chosenRows(reader, scope, {
        field: "peopleGroupIds",
        table: "people_group",
        ids: peopleGroupIds,
      });
      const people = await chosenRows(reader, scope, { field: "personIds", table: "person", ids: personIds });
      const facts: Fact[] = [
        ...siteFacts(sites, asked),
        ...(groups.length === 0 ? [] : [{ label: "Groups", value: groups.map(({ name }) => name).join(", ") }]),
        ...(people.length === 0 ? [] : [{ label: "People", value: people.map(({ name }) => name).join(", ") }]),
      ];
      return {
        ...{ title, facts, clientName: sites.clientName, timezone: sites.timezone },
        generatedAt: new Date(now).toISOString(),
        orientation: "landscape",
        sections: [{ kind: "table", columns, rows: workRows(reader, scope, sites, asked, condition) }],
      };
    },
  });
}

const TOURS = "n.identifier = 'INTERNALTOUR'";

export const listOfTasks = list({
  key: "LISTOFTASKS",
  title: "List of Tasks",
  description: "Every task of the period with its assignee, checklist and what became of it.",
  columns: TASK_COLUMNS,
  condition: "n.identifier = 'TASK'",
});
export const listOfTours = list({
  key: "LISTOFTOURS",
  title: "List of Tours",
  description: "Every tour of the period, planned and on the way, with who walked it.",
  columns: [...TOUR_COLUMNS, TIME_BOUND],
  condition: TOURS,
});
export const staticTourList = list({
  key: "STATICTOURLIST",
  title: "List of Static Tours",
  description: "Tours that have their times.",
  columns: TOUR_COLUMNS,
  condition: `${TOURS} and not ${IS_DYNAMIC}`,
});
export const dynamicTourList = list({
  key: "DYNAMICTOURLIST",
  title: "List of Dynamic Tours",
  description: "Tours that are walked when there is time.",
  columns: TOUR_COLUMNS,
  condition: `${TOURS} and ${IS_DYNAMIC}`,
});
