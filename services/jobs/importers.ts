// Jobs and the checkpoints of tours out of table files.
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
import { listCheckpoints } from "./checkpoint-store.ts";
import { jobActions } from "./job-actions.ts";

export function jobImporters(parts: ImportParts): readonly Importer[] {
  // An import is one event, the imports service's to tell.
  const actions = jobActions(parts, () => {});
  return [
    {
      kind: "jobs",
      key: ["site", "identifier", "name"],
      columns: {
        site: { field: "siteId", names: "site", isRequired: true, meaning: "code of the site" },
        name: { field: "name", isRequired: true, meaning: "unique at the site, for its kind" },
        identifier: { field: "identifier", meaning: "TASK (default), INTERNALTOUR, EXTERNALTOUR, PPM, SITEREPORT, …" },
        description: { field: "description", meaning: "what is to be done" },
        cron: { field: "cron", meaning: "five fields in the site's time; empty: not scheduled" },
        valid_from: { field: "validFrom", kind: "instant", meaning: "default: now" },
        valid_to: { field: "validTo", kind: "instant", isRequired: true, meaning: "when it ends" },
        plan_duration: { field: "planDuration", kind: "number", meaning: "minutes" },
        grace_time: { field: "graceTime", kind: "number", meaning: "minutes before, from which on it is shown" },
        expiry_time: { field: "expiryTime", kind: "number", meaning: "minutes after the planned end" },
        priority: { field: "priority", meaning: "LOW (default), MEDIUM or HIGH" },
        scan_type: { field: "scanType", meaning: "SKIP (default), QR, NFC, ENTERED or NONE" },
        asset: { field: "assetId", names: "asset", meaning: "code of an asset of the site" },
        checklist: { field: "questionSetId", names: "questionSet", meaning: "name of a checklist" },
        person: { field: "personId", names: "person", meaning: "code of whom it is assigned to" },
        group: { field: "peopleGroupId", names: "peopleGroup", meaning: "name of the group it is assigned to" },
        site_group: { field: "siteGroupId", names: "siteGroup", meaning: "name of the route of an EXTERNALTOUR" },
        shift: { field: "shiftId", names: "shift", meaning: "name of a shift" },
        notify_category: { field: "notifyCategory", meaning: "AUTOCLOSENOTIFY, RAISETICKETNOTIFY or another code" },
        is_dynamic: { field: "isDynamic", kind: "flag", meaning: "a tour without deadlines" },
        is_randomized: { field: "isRandomized", kind: "flag", meaning: "a tour in a new order each time" },
        tour_frequency: { field: "tourFrequency", kind: "number", meaning: "passes of a tour; default 1" },
        break_time: { field: "breakTime", kind: "number", meaning: "minutes between passes" },
        enabled: { field: "enabled", kind: "flag", meaning: "yes (default) or no" },
      },
      apply([values = {}]) {
        const find = () => jobOf(parts, values);
        return upsert(
          find,
          () => actions.create(askedBy(parts, values)),
          (id) => actions.change(askedBy(parts, { ...without(values, "siteId", "identifier"), id })),
        );
      },
    },
    {
      kind: "checkpoints",
      key: ["site", "tour", "seqno"],
      together: ["site", "tour"],
      columns: {
        site: { field: "siteId", names: "site", isRequired: true, meaning: "code of the tour's site" },
        tour: { field: "jobId", names: "job", isRequired: true, meaning: "name of the tour" },
        seqno: { field: "seqno", kind: "number", isRequired: true, meaning: "place in the tour, from 1 on" },
        asset: { field: "assetId", names: "asset", meaning: "code of the checkpoint, an asset of the site" },
        at_site: { field: "atSiteId", names: "site", meaning: "code of the site to visit, of an EXTERNALTOUR" },
        name: { field: "name", meaning: "of the visit; default its number" },
        checklist: { field: "questionSetId", names: "questionSet", meaning: "name of a checklist" },
        minutes_to_reach: { field: "expiryTime", kind: "number", meaning: "default 0" },
      },
      async apply(lines) {
        const id = lines[0]?.jobId as number;
        const kept = new Map((await listCheckpoints(parts.database, id)).map((one) => [one.seqno, one.id]));
        const checkpoints = lines.map(({ siteId: _site, jobId: _job, atSiteId, ...line }) => ({
          ...line,
          ...(atSiteId === undefined ? {} : { siteId: atSiteId }),
          ...(kept.has(line.seqno as number) ? { id: kept.get(line.seqno as number) } : {}),
        }));
        const before = await versionOf(parts, id);
        await actions.change(askedBy(parts, { id, checkpoints }));
        if (before === (await versionOf(parts, id))) return "unchanged";
        return kept.size === 0 ? "created" : "changed";
      },
    },
  ];
}

function jobOf(parts: ImportParts, { siteId, identifier = "TASK", name }: ImportValues) {
  return findRow(parts, "job", {
    client_id: clientOfImport(parts),
    site_id: siteId as number,
    identifier: identifier as string,
    name: name as string,
    parent_id: null,
  });
}

async function versionOf({ database }: ImportParts, id: number): Promise<number | undefined> {
  const { rows } = await database.query<{ version: number }>("select version from job where id = $1", [id]);
  return rows[0]?.version;
}
