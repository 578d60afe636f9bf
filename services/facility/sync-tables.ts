// What phones keep a copy of: the tables, and the columns they get. Reading other rooms' tables is allowed here; nothing
// is written.

export interface SyncTable {
  readonly table: string;
  /** Besides id, uuid, client_id, created_at and updated_at. */
  readonly columns: readonly string[];
  /** The column by which a phone can narrow the table to its site. */
  readonly site?: string;
  /** Rows without a client go to everybody. */
  readonly hasShared?: boolean;
  /** Hard deletes leave their uuid in `deleted_row`. */
  readonly isBuried?: boolean;
}

const ANSWER = [
  ...["answer_type", "options", "min_value", "max_value", "alert_on"],
  ...["is_attachment_required", "attachment_type"],
];
const WORK = [
  ...["site_id", "parent_id", "seqno", "name", "identifier", "grace_time", "priority", "scan_type", "is_dynamic"],
  ...["asset_id", "question_set_id", "person_id", "people_group_id", "site_group_id", "notify_category_id"],
];

export const SYNC_TABLES = {
  sites: {
    table: "site",
    columns: [
      ...["code", "name", "timezone", "kind", "parent_id", "sol_id", "incharge_id", "latitude", "longitude"],
      ...["permitted_distance", "preferences", "enabled"],
    ],
    site: "id",
  },
  people: {
    table: "person",
    columns: [
      ...["site_id", "name", "code", "login_id", "email", "phone", "designation_id", "worktype_id", "reports_to_id"],
      ...["is_admin", "is_verified", "enabled"],
    ],
    site: "site_id",
  },
  groups: { table: "people_group", columns: ["name", "kind", "lead_id", "site_id", "enabled"] },
  groupMembers: {
    table: "group_member",
    columns: ["group_id", "person_id", "site_id", "is_lead"],
    isBuried: true,
  },
  typeAssist: { table: "type_assist", columns: ["category", "code", "name", "enabled"], hasShared: true },
  shifts: {
    table: "shift",
    columns: ["site_id", "name", "starts_at", "ends_at", "is_night", "people_count", "details", "enabled"],
    site: "site_id",
  },
  locations: {
    table: "location",
    columns: ["site_id", "parent_id", "code", "name", "status", "type_id", "enabled"],
    site: "site_id",
  },
  assets: {
    table: "asset",
    columns: [
      ...["site_id", "location_id", "parent_id", "code", "name", "identifier", "running_status", "is_critical"],
      ...["type_id", "category_id", "latitude", "longitude", "multifactor", "details", "enabled"],
    ],
    site: "site_id",
  },
  questions: { table: "question", columns: ["name", ...ANSWER, "unit", "enabled"] },
  questionSets: { table: "question_set", columns: ["site_id", "parent_id", "name", "type", "seqno", "enabled"] },
  questionSetMembers: {
    table: "question_set_member",
    columns: ["question_set_id", "question_id", "seqno", "is_mandatory", ...ANSWER],
    isBuried: true,
  },
  jobs: {
    table: "job",
    columns: [
      ...WORK,
      ...["description", "cron", "valid_from", "valid_to", "plan_duration", "expiry_time", "shift_id", "details"],
      ...["is_randomized", "tour_frequency", "break_time", "is_time_bound", "version", "enabled"],
    ],
    site: "site_id",
    isBuried: true,
  },
  jobneeds: {
    table: "jobneed",
    columns: [
      ...WORK,
      ...["job_id", "job_version", "scheduled_at", "plan_at", "expiry_at", "status", "job_type", "performed_by_id"],
      ...["multifactor", "started_at", "ended_at", "closed_by_server_at", "remarks", "has_alerts", "has_deviation"],
      ...["distance_km", "latitude", "longitude", "details"],
    ],
    site: "site_id",
    isBuried: true,
  },
  jobneedDetails: {
    table: "jobneed_detail",
    columns: ["jobneed_id", "seqno", "question_id", "is_mandatory", ...ANSWER, "answer", "has_alert"],
  },
  tickets: {
    table: "ticket",
    columns: [
      ...["number", "site_id", "description", "identifier", "priority", "status", "level", "category_id", "category"],
      ...["assigned_to_person_id", "assigned_to_group_id", "asset_id", "location_id", "question_set_id", "jobneed_id"],
      ...["source", "comments", "is_escalated", "escalated_at", "performed_by_id", "created_by", "created_by_id"],
    ],
    site: "site_id",
  },
  vendors: {
    table: "vendor",
    columns: ["site_id", "code", "name", "email", "phone", "type_id", "description", "enabled"],
  },
  approvers: { table: "approver", columns: ["person_id", "site_id", "role", "approves", "enabled"] },
  workOrders: {
    table: "work_order",
    columns: [
      ...["site_id", "parent_id", "seqno", "identifier", "number", "description", "status", "permit_status"],
      ...["verifier_status", "priority", "plan_at", "expiry_at", "started_at", "ended_at", "asset_id", "location_id"],
      ...["question_set_id", "vendor_id", "performed_by", "has_alerts"],
    ],
    site: "site_id",
  },
  workOrderDetails: {
    table: "work_order_detail",
    columns: ["work_order_id", "seqno", "question_id", "is_mandatory", ...ANSWER, "answer", "has_alert"],
  },
  attachments: {
    table: "attachment",
    columns: [
      ...["site_id", "owner_table", "owner_uuid", "file_name", "path", "kind", "size", "latitude", "longitude"],
      "taken_at",
    ],
    site: "site_id",
  },
} as const satisfies Record<string, SyncTable>;

export type SyncName = keyof typeof SYNC_TABLES;
export const SYNC_NAMES = Object.keys(SYNC_TABLES) as SyncName[];
