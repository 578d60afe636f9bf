// The kinds of master data: what each row has, and what of it must hold.
import { z } from "zod";
import { code, freeText, id, json, latitude, longitude, text, zone } from "../fields.ts";
import type { Field, RecordKind } from "./record.ts";

export const RUNNING_STATUSES = ["MAINTENANCE", "STANDBY", "WORKING", "SCRAPPED"] as const;
export const ANSWER_TYPES = [
  ...["CHECKBOX", "DATE", "DROPDOWN", "EMAILID", "MULTILINE", "NUMERIC", "SIGNATURE", "SINGLELINE", "TIME", "RATING"],
  ...["BACKCAMERA", "FRONTCAMERA", "PEOPLELIST", "SITELIST", "NONE", "METERREADING", "MULTISELECT"],
] as const;
export const ATTACHMENT_TYPES = ["BACKCAMPIC", "FRONTCAMPIC", "AUDIO", "VIDEO", "NONE"] as const;
const QUESTION_SET_TYPES = [
  ...["CHECKLIST", "RPCHECKLIST", "INCIDENTREPORT", "SITEREPORT", "WORKPERMIT", "RETURN_WORK_PERMIT", "KPITEMPLATE"],
  ...["SCRAPPEDTEMPLATE", "ASSETAUDIT", "ASSETMAINTENANCE", "WORK_ORDER", "SLA_TEMPLATE", "POSTING_ORDER"],
] as const;

const name: Field = { column: "name", schema: text(200), isRequired: true };
const enabled: Field = { column: "enabled", schema: z.boolean(), isNullable: false, isFilter: true };
const details: Field = { column: "details", schema: json, isNullable: false, kind: "json" };
const email = z.email("must be an e-mail address").max(254);
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, "must be a time of day such as 06:30");
const position = {
  latitude: { column: "latitude", schema: latitude },
  longitude: { column: "longitude", schema: longitude },
} satisfies Record<string, Field>;

function to(table: NonNullable<Field["refersTo"]>, column: string, more: Partial<Field> = {}): Field {
  return { column, schema: id, refersTo: table, ...more };
}

export const SITE: RecordKind = {
  table: "site",
  noun: "site",
  searched: ["code", "name"],
  unique: { field: "code", message: "the code belongs to another site" },
  zone: "self",
  unlessAsked: { field: "kind", condition: "t.kind <> 'CLIENT'" },
  fields: {
    code: { column: "code", schema: code, isRequired: true },
    name,
    timezone: { column: "timezone", schema: zone, isRequired: true },
    kind: {
      column: "kind",
      schema: z.enum(["CLIENT", "CUSTOMER", "REGION", "ZONE", "SITE"]),
      isNullable: false,
      isFixed: true,
      isFilter: true,
    },
    parentId: to("site", "parent_id", { isFilter: true }),
    solId: { column: "sol_id", schema: text(30) },
    inchargeId: to("person", "incharge_id"),
    ...position,
    permittedDistance: { column: "permitted_distance", schema: z.number().int().min(0).max(1_000_000) },
    enabled,
    preferences: { column: "preferences", schema: json, isNullable: false, kind: "json" },
  },
};

export const PERSON: RecordKind = {
  table: "person",
  noun: "person",
  searched: ["name", "code", "email"],
  unique: { field: "code", message: "the code or the login belongs to another person" },
  fields: {
    name,
    siteId: to("site", "site_id", { isFilter: true }),
    code: { column: "code", schema: code },
    loginId: { column: "login_id", schema: text(100) },
    email: { column: "email", schema: email },
    phone: { column: "phone", schema: text(30) },
    designationId: to("type_assist", "designation_id", { isFilter: true }),
    worktypeId: to("type_assist", "worktype_id"),
    reportsToId: to("person", "reports_to_id"),
    isAdmin: { column: "is_admin", schema: z.boolean(), isNullable: false },
    isVerified: { column: "is_verified", schema: z.boolean(), isNullable: false },
    getsAlertMails: { column: "gets_alert_mails", schema: z.boolean(), isNullable: false },
    secondaryEmails: { column: "secondary_emails", schema: z.array(email).max(20), isNullable: false, kind: "list" },
    deviceId: { column: "device_id", schema: text(200) },
    enabled,
    details,
  },
};

export const GROUP: RecordKind = {
  table: "people_group",
  noun: "group",
  searched: ["name"],
  unique: { field: "name", message: "another group of this kind has the name" },
  fields: {
    name,
    kind: {
      column: "kind",
      schema: z.enum(["PEOPLEGROUP", "SITEGROUP"]),
      isNullable: false,
      isFixed: true,
      isFilter: true,
    },
    leadId: to("person", "lead_id"),
    siteId: to("site", "site_id", { isFilter: true }),
    enabled,
  },
};

export const TYPE_ASSIST: RecordKind = {
  table: "type_assist",
  noun: "type-assist value",
  searched: ["code", "name"],
  unique: { field: "code", message: "the category has this code already" },
  hasShared: true,
  zone: "none",
  fields: {
    category: { column: "category", schema: code, isRequired: true, isFixed: true, isFilter: true },
    code: { column: "code", schema: code, isRequired: true, isFilter: true },
    name,
    enabled,
  },
};

export const SHIFT: RecordKind = {
  table: "shift",
  noun: "shift",
  searched: ["name"],
  unique: { field: "name", message: "another shift of the site has the name" },
  fields: {
    name,
    siteId: to("site", "site_id", { isFilter: true }),
    startsAt: { column: "starts_at", schema: timeOfDay, isRequired: true },
    endsAt: { column: "ends_at", schema: timeOfDay, isRequired: true },
    isNight: { column: "is_night", schema: z.boolean(), isNullable: false },
    peopleCount: { column: "people_count", schema: z.number().int().min(0).max(100_000) },
    details,
    enabled,
  },
};

export const LOCATION: RecordKind = {
  table: "location",
  noun: "location",
  searched: ["code", "name"],
  unique: { field: "code", message: "the code belongs to another location of the site" },
  fields: {
    siteId: to("site", "site_id", { isRequired: true, isFixed: true, isFilter: true }),
    parentId: to("location", "parent_id", { isFilter: true }),
    code: { column: "code", schema: code, isRequired: true },
    name,
    status: { column: "status", schema: z.enum(RUNNING_STATUSES), isNullable: false, isFilter: true },
    typeId: to("type_assist", "type_id"),
    enabled,
  },
};

export const ASSET: RecordKind = {
  table: "asset",
  noun: "asset",
  searched: ["code", "name"],
  unique: { field: "code", message: "the code belongs to another asset of the site" },
  fields: {
    siteId: to("site", "site_id", { isRequired: true, isFixed: true, isFilter: true }),
    locationId: to("location", "location_id", { isFilter: true }),
    parentId: to("asset", "parent_id", { isFilter: true }),
    code: { column: "code", schema: code, isRequired: true },
    name,
    identifier: {
      column: "identifier",
      schema: z.enum(["ASSET", "CHECKPOINT", "NEA"]),
      isNullable: false,
      isFilter: true,
    },
    runningStatus: {
      column: "running_status",
      schema: z.enum(RUNNING_STATUSES),
      isNullable: false,
      isFilter: true,
    },
    isCritical: { column: "is_critical", schema: z.boolean(), isNullable: false },
    typeId: to("type_assist", "type_id"),
    categoryId: to("type_assist", "category_id"),
    ...position,
    multifactor: { column: "multifactor", schema: z.number().positive().max(9_999), isNullable: false },
    details,
    enabled,
  },
};

/** How an answer is given and judged: of a question, and of its line in a set, where it may differ. */
export const ANSWER_FIELDS = {
  answerType: { column: "answer_type", schema: z.enum(ANSWER_TYPES), isNullable: false },
  options: { column: "options", schema: freeText(2_000) },
  minValue: { column: "min_value", schema: z.number().min(-1e13).max(1e13) },
  maxValue: { column: "max_value", schema: z.number().min(-1e13).max(1e13) },
  alertOn: { column: "alert_on", schema: freeText(300) },
  isAttachmentRequired: { column: "is_attachment_required", schema: z.boolean(), isNullable: false },
  attachmentType: { column: "attachment_type", schema: z.enum(ATTACHMENT_TYPES), isNullable: false },
} satisfies Record<string, Field>;

export const QUESTION: RecordKind = {
  table: "question",
  noun: "question",
  searched: ["name"],
  unique: { field: "name", message: "there is such a question with this type of answer already" },
  zone: "none",
  fields: {
    name: { column: "name", schema: text(500), isRequired: true },
    ...ANSWER_FIELDS,
    unit: { column: "unit", schema: text(50) },
    enabled,
  },
};

export const QUESTION_SET: RecordKind = {
  table: "question_set",
  noun: "question set",
  searched: ["name"],
  unique: { field: "name", message: "another set of this type and place has the name" },
  fields: {
    name,
    siteId: to("site", "site_id", { isFilter: true }),
    parentId: to("question_set", "parent_id", { isFilter: true }),
    type: {
      column: "type",
      schema: z.enum(QUESTION_SET_TYPES),
      isNullable: false,
      isFilter: true,
    },
    seqno: { column: "seqno", schema: z.number().int().min(0).max(30_000), isNullable: false },
    enabled,
  },
};

/** Without a site: for every site of the client. */
export const VENDOR: RecordKind = {
  table: "vendor",
  noun: "vendor",
  searched: ["code", "name"],
  unique: { field: "code", message: "the code belongs to another vendor" },
  zone: "none",
  fields: {
    code: { column: "code", schema: code, isRequired: true },
    name,
    siteId: to("site", "site_id", { isFilter: true }),
    email: { column: "email", schema: email },
    phone: { column: "phone", schema: text(50) },
    typeId: to("type_assist", "type_id"),
    description: { column: "description", schema: freeText(2_000), isNullable: false },
    enabled,
  },
};

/** Who is asked to verify or to approve; without a site: at every site. */
export const APPROVER: RecordKind = {
  table: "approver",
  noun: "approver",
  searched: ["role"],
  unique: { field: "personId", message: "the person has this role at the site already" },
  zone: "none",
  fields: {
    personId: to("person", "person_id", { isRequired: true, isFixed: true, isFilter: true }),
    siteId: to("site", "site_id", { isFixed: true, isFilter: true }),
    role: {
      column: "role",
      schema: z.enum(["APPROVER", "VERIFIER"]),
      isNullable: false,
      isFixed: true,
      isFilter: true,
    },
    approves: {
      column: "approves",
      schema: z.array(z.enum(QUESTION_SET_TYPES)).max(20),
      isNullable: false,
      kind: "list",
    },
    enabled,
  },
};
