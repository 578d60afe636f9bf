// The escalation matrix out of table files.
import {
  askedBy,
  clientOfImport,
  findRow,
  type Importer,
  type ImportParts,
  type ImportValues,
  upsert,
  without,
} from "../importer.ts";
import { matrixActions } from "./matrix-actions.ts";

export function escalationImporters(parts: ImportParts): readonly Importer[] {
  const actions = matrixActions(parts);
  return [
    {
      kind: "escalation_matrix",
      key: ["category", "site", "job", "level"],
      columns: {
        category: { field: "categoryId", names: { typeAssist: "TICKETCATEGORY" }, meaning: "code of a TICKETCATEGORY" },
        site: { field: "siteId", names: "site", meaning: "code of the only site it holds for; with a job, the job's" },
        job: { field: "jobId", names: "job", meaning: "name of a PPM job: then it is a reminder, so long before" },
        level: { field: "level", kind: "number", isRequired: true, meaning: "from 1 on" },
        frequency: { field: "frequency", isRequired: true, meaning: "MINUTE, HOUR, DAY or WEEK" },
        frequency_value: { field: "frequencyValue", kind: "number", isRequired: true, meaning: "how many of them" },
        person: { field: "assignedPersonId", names: "person", meaning: "code of whom the ticket goes to" },
        group: { field: "assignedGroupId", names: "peopleGroup", meaning: "name of the group it goes to" },
        notify: { field: "notify", kind: "list", meaning: "more addresses" },
        body: { field: "body", meaning: "more words for the mail" },
        enabled: { field: "enabled", kind: "flag", meaning: "yes (default) or no" },
      },
      apply([values = {}]) {
        return upsert(
          () => rowOf(parts, values),
          () => actions.createMatrixRow(askedBy(parts, values)),
          (id) => actions.changeMatrixRow(askedBy(parts, { ...without(values, "categoryId", "siteId", "jobId"), id })),
        );
      },
    },
  ];
}

function rowOf(parts: ImportParts, { categoryId, siteId, jobId, level }: ImportValues) {
  return findRow(parts, "escalation_matrix", {
    client_id: clientOfImport(parts),
    category_id: (categoryId as number) ?? null,
    site_id: (siteId as number) ?? null,
    job_id: (jobId as number) ?? null,
    level: level as number,
  });
}
