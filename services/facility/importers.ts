// Master data out of table files: clients, sites, lookup values, people, groups, shifts, locations, assets, checklists.
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
import { checklistImporter } from "./checklist-importer.ts";
import { addMember } from "./group-members.ts";
import * as kinds from "./kinds.ts";
import type { RecordKind } from "./record.ts";
import { type RecordHooks, recordActions } from "./record-actions.ts";
import { createSite } from "./sites.ts";

type Where = (values: ImportValues) => Readonly<Record<string, string | number | null>>;

export function facilityImporters(parts: ImportParts): readonly Importer[] {
  const client = () => clientOfImport(parts);
  const siteHooks: RecordHooks = { create: (tx, _ctx, given) => createSite(tx, parts.scope(), given) };

  /** A kind whose rows are made and changed one at a time. `fixed` fields are given once. */
  function record(
    kind: RecordKind,
    { where, fixed = [], hooks }: { where: Where; fixed?: readonly string[]; hooks?: RecordHooks },
  ) {
    const actions = recordActions(parts, kind, hooks);
    const find = (values: ImportValues) => findRow(parts, kind.table, where(values));
    return {
      apply: ([values = {}]: readonly ImportValues[]) =>
        upsert(
          () => find(values),
          () => actions.create(askedBy(parts, values)),
          (id) => actions.change(askedBy(parts, { ...without(values, ...fixed), id })),
        ),
      async late(values: ImportValues, fields: ImportValues): Promise<boolean> {
        const before = await find(values);
        if (before === undefined) return false;
        await actions.change(askedBy(parts, { ...fields, id: before.id }));
        return (await find(values))?.updatedAt !== before.updatedAt;
      },
    };
  }

  const clients = record(kinds.SITE, {
    where: ({ code }) => ({ code: code as string, kind: "CLIENT" }),
    fixed: ["kind"],
    hooks: siteHooks,
  });
  const sites = record(kinds.SITE, {
    where: ({ code }) => ({ client_id: client(), code: code as string }),
    fixed: ["kind"],
    hooks: siteHooks,
  });
  const people = record(kinds.PERSON, { where: ({ code }) => ({ client_id: client(), code: code as string }) });
  const groups = record(kinds.GROUP, {
    where: ({ kind, name }) => ({ client_id: client(), kind: (kind as string) ?? "PEOPLEGROUP", name: name as string }),
    fixed: ["kind"],
  });
  const ofSite =
    (column: "code" | "name"): Where =>
    (values) => ({
      client_id: client(),
      site_id: (values.siteId as number) ?? null,
      [column]: values[column] as string,
    });

  return [
    {
      kind: "clients",
      key: ["code"],
      columns: {
        code: { field: "code", isRequired: true, meaning: "short code of the client" },
        name: { field: "name", isRequired: true, meaning: "its name" },
        timezone: { field: "timezone", isRequired: true, meaning: "IANA zone, such as Asia/Kolkata" },
      },
      apply: ([values = {}]) => clients.apply([{ ...values, kind: "CLIENT" }]),
    },
    {
      kind: "sites",
      key: ["code"],
      columns: {
        code: { field: "code", isRequired: true, meaning: "short code, unique within the client" },
        name: { field: "name", isRequired: true, meaning: "its name" },
        timezone: { field: "timezone", isRequired: true, meaning: "IANA zone of its clocks" },
        kind: { field: "kind", meaning: "SITE (default), CUSTOMER, REGION or ZONE" },
        parent: { field: "parentId", names: "site", isLate: true, meaning: "code of the place it lies in" },
        sol_id: { field: "solId", meaning: "branch code" },
        incharge: { field: "inchargeId", names: "person", isLate: true, meaning: "code of the person in charge" },
        latitude: { field: "latitude", kind: "number", meaning: "degrees" },
        longitude: { field: "longitude", kind: "number", meaning: "degrees" },
        permitted_distance: {
          field: "permittedDistance",
          kind: "number",
          meaning: "metres from there that still count",
        },
        enabled: { field: "enabled", kind: "flag", meaning: "yes (default) or no" },
      },
      apply: sites.apply,
      applyLate: ({ parentId, inchargeId, ...values }) => sites.late(values, given({ parentId, inchargeId })),
    },
    {
      kind: "type_assist",
      key: ["category", "code"],
      columns: {
        category: { field: "category", isRequired: true, meaning: "TICKETCATEGORY, DESIGNATION, ASSETTYPE, …" },
        code: { field: "code", isRequired: true, meaning: "what other files name it by" },
        name: { field: "name", isRequired: true, meaning: "as people read it" },
        enabled: { field: "enabled", kind: "flag", meaning: "yes (default) or no" },
      },
      // A value that everybody has is not made again for one client.
      ...record(kinds.TYPE_ASSIST, {
        where: ({ category, code }) => ({ client_id: client(), category: category as string, code: code as string }),
        fixed: ["category"],
      }),
    },
    {
      kind: "people",
      key: ["code"],
      columns: {
        code: { field: "code", isRequired: true, meaning: "employee code, unique within the client" },
        name: { field: "name", isRequired: true, meaning: "full name" },
        site: { field: "siteId", names: "site", meaning: "code of the site they belong to" },
        login_id: { field: "loginId", meaning: "unique in the whole system" },
        email: { field: "email", meaning: "where mail goes" },
        phone: { field: "phone", meaning: "telephone number" },
        designation: { field: "designationId", names: { typeAssist: "DESIGNATION" }, meaning: "code of a DESIGNATION" },
        worktype: { field: "worktypeId", names: { typeAssist: "WORKTYPE" }, meaning: "code of a WORKTYPE" },
        reports_to: { field: "reportsToId", names: "person", isLate: true, meaning: "code of their superior" },
        is_admin: { field: "isAdmin", kind: "flag", meaning: "yes or no (default)" },
        is_verified: { field: "isVerified", kind: "flag", meaning: "yes (default): only verified people get mail" },
        gets_alert_mails: { field: "getsAlertMails", kind: "flag", meaning: "yes or no (default)" },
        secondary_emails: { field: "secondaryEmails", kind: "list", meaning: "more addresses" },
        device_id: { field: "deviceId", meaning: "of their phone" },
        enabled: { field: "enabled", kind: "flag", meaning: "yes (default) or no" },
      },
      apply: people.apply,
      applyLate: ({ reportsToId, ...values }) => people.late(values, given({ reportsToId })),
    },
    {
      kind: "groups",
      key: ["kind", "name"],
      columns: {
        name: { field: "name", isRequired: true, meaning: "unique among the client's groups of this kind" },
        kind: { field: "kind", meaning: "PEOPLEGROUP (default) or SITEGROUP" },
        lead: { field: "leadId", names: "person", meaning: "code of the person who leads it" },
        site: { field: "siteId", names: "site", meaning: "code of the site it belongs to" },
        enabled: { field: "enabled", kind: "flag", meaning: "yes (default) or no" },
      },
      apply: groups.apply,
    },
    {
      kind: "group_members",
      key: ["group", "person"],
      columns: {
        group: { field: "groupId", names: "peopleGroup", isRequired: true, meaning: "name of a PEOPLEGROUP" },
        person: { field: "personId", names: "person", isRequired: true, meaning: "code of a person" },
        is_lead: { field: "isLead", kind: "flag", meaning: "yes or no (default)" },
      },
      apply: ([values = {}]) => member(parts, values),
    },
    {
      kind: "site_groups",
      key: ["group", "site"],
      columns: {
        group: { field: "groupId", names: "siteGroup", isRequired: true, meaning: "name of a SITEGROUP" },
        site: { field: "siteId", names: "site", isRequired: true, meaning: "code of a site on this route" },
      },
      apply: ([values = {}]) => member(parts, values),
    },
    {
      kind: "shifts",
      key: ["site", "name"],
      columns: {
        site: { field: "siteId", names: "site", meaning: "code of the site; empty: all of the client's" },
        name: { field: "name", isRequired: true, meaning: "unique at the site" },
        starts_at: { field: "startsAt", isRequired: true, meaning: "time of day, such as 06:00" },
        ends_at: { field: "endsAt", isRequired: true, meaning: "time of day" },
        is_night: { field: "isNight", kind: "flag", meaning: "yes or no (default)" },
        people_count: { field: "peopleCount", kind: "number", meaning: "people needed" },
        enabled: { field: "enabled", kind: "flag", meaning: "yes (default) or no" },
      },
      ...record(kinds.SHIFT, { where: ofSite("name") }),
    },
    {
      kind: "vendors",
      key: ["code"],
      columns: {
        code: { field: "code", isRequired: true, meaning: "short code, unique within the client" },
        name: { field: "name", isRequired: true, meaning: "their name" },
        site: { field: "siteId", names: "site", meaning: "code of the only site they work for; empty: all" },
        email: { field: "email", meaning: "where orders are sent" },
        phone: { field: "phone", meaning: "their number" },
        description: { field: "description", meaning: "what they do" },
        enabled: { field: "enabled", kind: "flag", meaning: "yes (default) or no" },
      },
      ...record(kinds.VENDOR, { where: ({ code }) => ({ client_id: client(), code: code as string }) }),
    },
    {
      kind: "approvers",
      key: ["person", "site", "role"],
      columns: {
        person: { field: "personId", names: "person", isRequired: true, meaning: "code of the person" },
        site: { field: "siteId", names: "site", meaning: "code of the site; empty: all" },
        role: { field: "role", meaning: "APPROVER (default) or VERIFIER" },
        approves: { field: "approves", kind: "list", meaning: "types of checklists, such as WORKPERMIT; empty: all" },
        enabled: { field: "enabled", kind: "flag", meaning: "yes (default) or no" },
      },
      ...record(kinds.APPROVER, {
        where: ({ personId, siteId, role }) => ({
          person_id: personId as number,
          site_id: (siteId as number) ?? null,
          role: (role as string) ?? "APPROVER",
        }),
        fixed: ["personId", "siteId", "role"],
      }),
    },
    {
      kind: "locations",
      key: ["site", "code"],
      columns: {
        site: { field: "siteId", names: "site", isRequired: true, meaning: "code of the site" },
        code: { field: "code", isRequired: true, meaning: "unique at the site" },
        name: { field: "name", isRequired: true, meaning: "its name" },
        status: { field: "status", meaning: "WORKING (default), STANDBY, MAINTENANCE or SCRAPPED" },
        type: { field: "typeId", names: { typeAssist: "LOCATIONTYPE" }, meaning: "code of a LOCATIONTYPE" },
        enabled: { field: "enabled", kind: "flag", meaning: "yes (default) or no" },
      },
      ...record(kinds.LOCATION, { where: ofSite("code"), fixed: ["siteId"] }),
    },
    {
      kind: "assets",
      key: ["site", "code"],
      columns: {
        site: { field: "siteId", names: "site", isRequired: true, meaning: "code of the site" },
        code: { field: "code", isRequired: true, meaning: "unique at the site; what its QR code says" },
        name: { field: "name", isRequired: true, meaning: "its name" },
        identifier: { field: "identifier", meaning: "ASSET (default), CHECKPOINT or NEA (not engineering)" },
        status: { field: "runningStatus", meaning: "WORKING (default), STANDBY, MAINTENANCE or SCRAPPED" },
        is_critical: { field: "isCritical", kind: "flag", meaning: "yes or no (default)" },
        location: { field: "locationId", names: "location", meaning: "code of a location of the site" },
        type: { field: "typeId", names: { typeAssist: "ASSETTYPE" }, meaning: "code of an ASSETTYPE" },
        category: { field: "categoryId", names: { typeAssist: "ASSETCATEGORY" }, meaning: "code of an ASSETCATEGORY" },
        latitude: { field: "latitude", kind: "number", meaning: "degrees" },
        longitude: { field: "longitude", kind: "number", meaning: "degrees" },
        multifactor: { field: "multifactor", kind: "number", meaning: "of its meter; default 1" },
        enabled: { field: "enabled", kind: "flag", meaning: "yes (default) or no" },
      },
      ...record(kinds.ASSET, { where: ofSite("code"), fixed: ["siteId"] }),
    },
    checklistImporter(parts),
  ];
}

async function member(parts: ImportParts, { groupId, personId, siteId, isLead }: ImportValues) {
  const where = { group_id: groupId, person_id: personId ?? null, site_id: siteId ?? null };
  const find = () => findRow(parts, "group_member", where as Record<string, number | null>);
  const row = { groupId, personId, siteId, isLead: isLead ?? false } as Parameters<typeof addMember>[2];
  const add = () => parts.database.transaction((tx) => addMember(tx, parts.scope(), row));
  return upsert(find, add, add);
}

/** What is there of it. */
function given(values: ImportValues): ImportValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
