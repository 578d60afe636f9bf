// Tickets out of table files: what was open in an old helpdesk. Nobody gets mail for them.
import { z } from "zod";
import { parseParams } from "../../runtime/index.ts";
import { PRIORITIES, text } from "../fields.ts";
import { clientOfImport, findRow, type Importer, type ImportParts } from "../importer.ts";
import { derivedUuid } from "./derived-uuid.ts";
import { insertTicket } from "./store.ts";

const row = z.object({
  reference: text(200),
  description: text(10_000),
  priority: z.enum(PRIORITIES).default("LOW"),
});

export function ticketImporters(parts: ImportParts): readonly Importer[] {
  return [
    {
      kind: "tickets",
      key: ["reference"],
      columns: {
        reference: {
          field: "reference",
          isRequired: true,
          meaning: "its number in the old system: it is taken in once",
        },
        site: { field: "siteId", names: "site", isRequired: true, meaning: "code of the site" },
        description: { field: "description", isRequired: true, meaning: "what is wrong" },
        priority: { field: "priority", meaning: "LOW (default), MEDIUM or HIGH" },
        category: { field: "categoryId", names: { typeAssist: "TICKETCATEGORY" }, meaning: "code of a TICKETCATEGORY" },
        person: { field: "personId", names: "person", meaning: "code of whom it is assigned to" },
        group: { field: "groupId", names: "peopleGroup", meaning: "name of the group it is assigned to" },
        asset: { field: "assetId", names: "asset", meaning: "code of an asset of the site" },
      },
      async apply([values = {}]) {
        const { reference, description, priority } = parseParams(row, values);
        const uuid = derivedUuid("ticket", clientOfImport(parts), reference);
        if ((await findRow(parts, "ticket", { uuid })) !== undefined) return "unchanged";
        const { siteId, categoryId, personId, groupId, assetId } = values as Record<string, number | undefined>;
        await parts.database.transaction((tx) =>
          insertTicket(
            tx,
            {
              siteId: siteId as number,
              uuid,
              description,
              priority,
              categoryId,
              category: undefined,
              assignedToPersonId: personId,
              assignedToGroupId: groupId,
              assetId,
              createdBy: parts.author,
            },
            parts.scope(),
          ),
        );
        return "created";
      },
    },
  ];
}
