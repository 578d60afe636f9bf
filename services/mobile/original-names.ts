// Records of the original product's phones with our names: which of their tables is which kind, and what each field is
// called here. A field that the server knows better (who wrote a row, and when) is left out; one that is in neither list
// stays as it is, and the room that receives the record says so.
import type { RecordKind } from "../receiver.ts";
import { idOf, instantOf, isNothing, listOf, numberOf, placeOf } from "./original-values.ts";

/** `tablename` of theirs, and of ours. */
const KINDS: Readonly<Record<string, RecordKind>> = {
  jobneed: "jobneed",
  jobneeddetails: "jobneedDetail",
  jobneed_detail: "jobneedDetail",
  ticket: "ticket",
  peopleeventlog: "attendanceEvent",
  attendance_event: "attendanceEvent",
  tracking: "tracking",
  temptracking: "tracking",
  assetlog: "assetLog",
  asset_log: "assetLog",
  attachment: "attachment",
  wom: "workOrder",
  work_order: "workOrder",
};

export const TABLE_NAMES = Object.keys(KINDS);

export function kindOfTable(name: string): RecordKind | undefined {
  return Object.hasOwn(KINDS, name.toLowerCase()) ? KINDS[name.toLowerCase()] : undefined;
}

type Reading = "text" | "id" | "instant" | "list" | "number" | { readonly place: readonly [string, string] };
type Naming = Readonly<Record<string, readonly [ours: string, reading: Reading]>>;

/** In every record. */
const COMMON: Naming = {
  bu_id: ["siteId", "id"],
  bu: ["siteId", "id"],
  people_id: ["personId", "id"],
  people: ["personId", "id"],
  asset_id: ["assetId", "id"],
  asset: ["assetId", "id"],
  location_id: ["locationId", "id"],
  location: ["locationId", "id"],
  qset_id: ["questionSetId", "id"],
  qset: ["questionSetId", "id"],
  question_id: ["questionId", "id"],
  question: ["questionId", "id"],
  pgroup_id: ["peopleGroupId", "id"],
  pgroup: ["peopleGroupId", "id"],
  shift_id: ["shiftId", "id"],
  shift: ["shiftId", "id"],
  performedby_id: ["performedById", "id"],
  performedby: ["performedById", "id"],
  deviceid: ["deviceId", "text"],
};

const WORK: Naming = {
  ...COMMON,
  jobdesc: ["name", "text"],
  jobstatus: ["status", "text"],
  plandatetime: ["planAt", "instant"],
  expirydatetime: ["expiryAt", "instant"],
  starttime: ["startedAt", "instant"],
  endtime: ["endedAt", "instant"],
  gpslocation: ["", { place: ["latitude", "longitude"] }],
  child: ["sections", "text"],
};

const NAMES: Readonly<Record<RecordKind, Naming>> = {
  taskTour: WORK,
  adhoc: WORK,
  report: WORK,
  jobneed: WORK,
  jobneedDetail: COMMON,
  ticket: {
    ...COMMON,
    ticketdesc: ["description", "text"],
    assignedtopeople_id: ["assignedToPersonId", "id"],
    assignedtopeople: ["assignedToPersonId", "id"],
    assignedtogroup_id: ["assignedToGroupId", "id"],
    assignedtogroup: ["assignedToGroupId", "id"],
    ticketcategory_id: ["categoryId", "id"],
    ticketcategory: ["categoryId", "id"],
  },
  attendanceEvent: {
    ...COMMON,
    peventtype_id: ["type", "id"],
    peventtype: ["type", "id"],
    verifiedby_id: ["verifiedById", "id"],
    verifiedby: ["verifiedById", "id"],
    punchintime: ["punchedInAt", "instant"],
    punchouttime: ["punchedOutAt", "instant"],
    datefor: ["forDate", "text"],
    startlocation: ["", { place: ["startLatitude", "startLongitude"] }],
    endlocation: ["", { place: ["endLatitude", "endLongitude"] }],
    distance: ["distanceKm", "number"],
    transportmodes: ["transportModes", "list"],
    peventlogextras: ["details", "text"],
  },
  tracking: {
    ...COMMON,
    gpslocation: ["", { place: ["latitude", "longitude"] }],
    receiveddate: ["at", "instant"],
    transportmode: ["transportMode", "text"],
  },
  assetLog: { ...COMMON, newstatus: ["newStatus", "text"] },
  attachment: {
    ...COMMON,
    ownername: ["ownerTable", "text"],
    owner: ["ownerUuid", "text"],
    filename: ["fileName", "text"],
    attachmenttype: ["kind", "text"],
    gpslocation: ["", { place: ["latitude", "longitude"] }],
  },
  workOrder: COMMON,
};

/** What the server decides, or what their phones keep for themselves. */
const LEFT_OUT = new Set([
  ...["id", "pk", "tablename", "cdtz", "mdtz", "cuser", "cuser_id", "muser", "muser_id", "client", "client_id"],
  ...[
    "tenant",
    "tenant_id",
    "syncstatus",
    "issynced",
    "sync_status",
    "alerts",
    "job",
    "job_id",
    "jobtype",
    "frequency",
  ],
  ...["geofence", "geofence_id", "geojson", "journeypath", "duration", "facerecognitionin", "facerecognitionout"],
  ...["isdeviation", "deviation", "ismailsent", "ticketno", "level", "isescalated", "events", "ticketlog", "size"],
  ...["ticketsource", "modifieddatetime", "parent", "parent_id", "scantype", "multifactor", "gracetime", "oldstatus"],
  ...["min", "max", "alerton", "options", "answertype", "isavpt", "avpttype", "ismandatory", "attachmentcount", "uom"],
  ...[
    "quesname",
    "filepath",
    "path",
    "datetime",
    "receivedonserver",
    "other_info",
    "other_data",
    "sgroup_id",
    "sgroup",
  ],
  ...["isdynamic", "bu_name", "cyclestatus"],
]);

/** Names of tables that own attachments, as ours. */
const OWNERS: Readonly<Record<string, string>> = {
  peopleeventlog: "attendance_event",
  jobneeddetails: "jobneed_detail",
  people: "person",
  bt: "site",
  wom: "work_order",
};

/** A record with our names and values. One that has them already stays as it is. */
export function withOurNames(kind: RecordKind, record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = NAMES[kind];
  const named: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    const naming = Object.hasOwn(names, name) ? names[name] : undefined;
    if (naming === undefined) {
      if (!LEFT_OUT.has(name)) named[name] = isNothing(value) && value !== "" ? null : value;
    } else Object.assign(named, read(naming, value));
  }
  if (Array.isArray(named.details)) named.details = named.details.map((line) => withOurLine(line));
  if (Array.isArray(named.sections)) named.sections = named.sections.map((each) => withOurSection(each));
  if (typeof named.ownerTable === "string")
    named.ownerTable = OWNERS[named.ownerTable.toLowerCase()] ?? named.ownerTable;
  return named;
}

function read([ours, reading]: readonly [string, Reading], value: unknown): Record<string, unknown> {
  if (typeof reading === "object") {
    const place = placeOf(value);
    if (place === undefined) return {};
    return { [reading.place[0]]: place.latitude, [reading.place[1]]: place.longitude };
  }
  if (isNothing(value)) return { [ours]: null };
  if (reading === "id") return { [ours]: idOf(value) };
  if (reading === "instant") return { [ours]: instantOf(value) };
  if (reading === "list") return { [ours]: listOf(value) };
  return { [ours]: reading === "number" ? numberOf(value) : value };
}

/** A line of a checklist: whose it is, and what was answered. */
function withOurLine(line: unknown): unknown {
  if (typeof line !== "object" || line === null) return line;
  const { uuid, questionId, seqno, answer } = withOurNames("jobneedDetail", line as Record<string, unknown>);
  const given = { uuid, questionId, seqno: numberOf(seqno), answer: isNothing(answer) ? null : String(answer) };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null));
}

function withOurSection(section: unknown): unknown {
  if (typeof section !== "object" || section === null) return section;
  const { uuid, name, seqno, questionSetId, remarks, details } = withOurNames(
    "report",
    section as Record<string, unknown>,
  );
  const given = { uuid, name, seqno: numberOf(seqno), questionSetId, remarks, details };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null));
}
