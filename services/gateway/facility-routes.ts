// The facility over REST: master data, jobs and their occurrences, tickets, the escalation matrix, changes for phones.
import { ofClient, type RestRoute } from "./rest-route.ts";

const PAGE = ["limit", "cursor"];
const COMMON = ["clientId", "ctzoffset"];

interface Resource {
  readonly path: string;
  readonly plural: string;
  readonly noun: string;
  /** As people say it. */
  readonly words: string;
  /** Who may make and change them. */
  readonly role: "operator" | "admin";
  readonly filters: readonly string[];
  /** Given once, with the creation. */
  readonly fixed?: readonly string[];
  readonly fields: readonly string[];
}

/** List, read, make and change, as every kind of master data has them. */
function routesOf({ path, plural, noun, words, role, filters, fixed = [], fields }: Resource): RestRoute[] {
  return [
    {
      method: "GET",
      path,
      action: `facility.${plural}`,
      role: "viewer",
      summary: `The ${words}s, by id.`,
      query: ["q", ...filters, ...PAGE],
    },
    {
      method: "POST",
      path,
      action: `facility.create${noun}`,
      role,
      status: 201,
      summary: `Make a ${words}.`,
      body: [...fixed, ...fields, ...COMMON],
    },
    { method: "GET", path: `${path}/:id`, action: `facility.get${noun}`, role: "viewer", summary: `One ${words}.` },
    {
      method: "PATCH",
      path: `${path}/:id`,
      action: `facility.change${noun}`,
      role,
      summary: `Change fields of a ${words}; null takes an optional one away.`,
      body: [...fields, "ctzoffset"],
    },
  ];
}

const ANSWER = [
  ...["answerType", "options", "minValue", "maxValue", "alertOn"],
  ...["isAttachmentRequired", "attachmentType"],
];

const MASTER_DATA: readonly Resource[] = [
  {
    path: "/sites",
    plural: "sites",
    noun: "Site",
    words: "site",
    role: "admin",
    filters: ["kind", "parentId", "enabled"],
    fixed: ["kind"],
    fields: [
      ...["code", "name", "timezone", "parentId", "solId", "inchargeId", "latitude", "longitude"],
      ...["permittedDistance", "preferences", "enabled"],
    ],
  },
  {
    path: "/people",
    plural: "people",
    noun: "Person",
    words: "person",
    role: "admin",
    filters: ["siteId", "designationId", "enabled"],
    fields: [
      ...["name", "siteId", "code", "loginId", "email", "phone", "designationId", "worktypeId", "reportsToId"],
      ...["isAdmin", "isVerified", "getsAlertMails", "secondaryEmails", "deviceId", "details", "enabled"],
    ],
  },
  {
    path: "/groups",
    plural: "groups",
    noun: "Group",
    words: "group",
    role: "operator",
    filters: ["kind", "siteId", "enabled"],
    fixed: ["kind"],
    fields: ["name", "leadId", "siteId", "enabled"],
  },
  {
    path: "/type-assist",
    plural: "typeAssist",
    noun: "TypeAssist",
    words: "lookup value",
    role: "admin",
    filters: ["category", "code", "enabled"],
    fixed: ["category"],
    fields: ["code", "name", "enabled"],
  },
  {
    path: "/shifts",
    plural: "shifts",
    noun: "Shift",
    words: "shift",
    role: "operator",
    filters: ["siteId", "enabled"],
    fields: ["name", "siteId", "startsAt", "endsAt", "isNight", "peopleCount", "details", "enabled"],
  },
  {
    path: "/vendors",
    plural: "vendors",
    noun: "Vendor",
    words: "vendor",
    role: "operator",
    filters: ["siteId", "enabled"],
    fields: ["code", "name", "siteId", "email", "phone", "typeId", "description", "enabled"],
  },
  {
    path: "/approvers",
    plural: "approvers",
    noun: "Approver",
    words: "approver",
    role: "admin",
    filters: ["personId", "siteId", "role", "enabled"],
    fields: ["personId", "siteId", "role", "approves", "enabled"],
  },
  {
    path: "/locations",
    plural: "locations",
    noun: "Location",
    words: "location",
    role: "operator",
    filters: ["siteId", "parentId", "status", "enabled"],
    fixed: ["siteId"],
    fields: ["parentId", "code", "name", "status", "typeId", "enabled"],
  },
  {
    path: "/assets",
    plural: "assets",
    noun: "Asset",
    words: "asset",
    role: "operator",
    filters: ["siteId", "locationId", "parentId", "identifier", "runningStatus", "enabled"],
    fixed: ["siteId"],
    fields: [
      ...["locationId", "parentId", "code", "name", "identifier", "runningStatus", "isCritical", "typeId"],
      ...["categoryId", "latitude", "longitude", "multifactor", "details", "enabled"],
    ],
  },
  {
    path: "/questions",
    plural: "questions",
    noun: "Question",
    words: "question",
    role: "operator",
    filters: ["enabled"],
    fields: ["name", ...ANSWER, "unit", "enabled"],
  },
  {
    path: "/question-sets",
    plural: "questionSets",
    noun: "QuestionSet",
    words: "checklist",
    role: "operator",
    filters: ["siteId", "parentId", "type", "enabled"],
    fields: ["name", "siteId", "parentId", "type", "seqno", "enabled", "members"],
  },
];

const JOB = [
  ...["name", "description", "cron", "validFrom", "validTo", "planDuration", "graceTime", "expiryTime", "priority"],
  ...["scanType", "frequency", "assetId", "questionSetId", "personId", "peopleGroupId", "siteGroupId", "shiftId"],
  ...["notifyCategory", "isDynamic", "isRandomized", "tourFrequency", "breakTime", "isTimeBound", "details"],
  ...["enabled", "checkpoints", "ctzoffset"],
];
const TICKET = [
  ...["description", "priority", "category", "categoryId", "assignedToPersonId", "assignedToGroupId", "assetId"],
  ...["locationId", "questionSetId", "comments", "ctzoffset"],
];
const MATRIX = [
  "level",
  "frequency",
  "frequencyValue",
  "assignedPersonId",
  "assignedGroupId",
  "notify",
  "body",
  "enabled",
];

export const FACILITY_ROUTES = ofClient([
  ...MASTER_DATA.flatMap(routesOf),
  {
    method: "GET",
    path: "/assets/:id/log",
    action: "facility.assetLog",
    role: "viewer",
    summary: "Changes of an asset's running status, newest first.",
    query: PAGE,
  },
  {
    method: "GET",
    path: "/groups/:id/members",
    action: "facility.groupMembers",
    role: "viewer",
    summary: "Who, or which sites, are in a group.",
    query: PAGE,
  },
  {
    method: "POST",
    path: "/groups/:groupId/members",
    action: "facility.addGroupMember",
    role: "operator",
    status: 201,
    summary: "Add a person to a group of people, or a site to a group of sites.",
    body: ["personId", "siteId", "isLead", "ctzoffset"],
  },
  {
    method: "DELETE",
    path: "/groups/:groupId/members/:id",
    action: "facility.removeGroupMember",
    role: "operator",
    summary: "Take a member out of a group.",
  },
  {
    method: "GET",
    path: "/sync/:table",
    action: "facility.sync",
    role: "viewer",
    summary: "Rows that changed after the last answer's modifiedAfter, and the uuids of those that are gone.",
    query: ["modifiedAfter", "siteId", "limit"],
  },
  {
    method: "GET",
    path: "/jobs",
    action: "jobs.list",
    role: "viewer",
    summary: "Definitions of recurring work, by id.",
    query: ["siteId", "identifier", "assetId", "enabled", "q", ...PAGE],
  },
  {
    method: "POST",
    path: "/jobs",
    action: "jobs.create",
    role: "operator",
    status: 201,
    summary: "Define recurring work; durations are minutes, cron runs in the site's zone.",
    body: ["siteId", "identifier", ...JOB],
  },
  {
    method: "POST",
    path: "/jobs/preview",
    action: "jobs.preview",
    role: "viewer",
    summary: "The next occurrences of a definition that is not kept yet.",
    body: ["siteId", "cron", "validFrom", "validTo", "graceTime", "planDuration", "expiryTime", "n"],
  },
  { method: "GET", path: "/jobs/:id", action: "jobs.get", role: "viewer", summary: "One job with its checkpoints." },
  {
    method: "PATCH",
    path: "/jobs/:id",
    action: "jobs.change",
    role: "operator",
    summary: "Change a job; untouched work of the future is made anew, what was begun stays.",
    body: JOB,
  },
  {
    method: "GET",
    path: "/jobs/:id/next",
    action: "jobs.next",
    role: "viewer",
    summary: "The next occurrences of a job, in UTC and on the site's clocks.",
    query: ["n"],
  },
  {
    method: "POST",
    path: "/jobs/:id/run",
    action: "jobs.run",
    role: "operator",
    summary: "Make what is due of a job now; of a dynamic tour its next round.",
  },
  {
    method: "GET",
    path: "/jobs/:id/misses",
    action: "jobs.misses",
    role: "viewer",
    summary: "Slots that never became work, and why.",
    query: PAGE,
  },
  {
    method: "GET",
    path: "/jobneeds",
    action: "jobs.listJobneeds",
    role: "viewer",
    summary: "Occurrences, by id; the checkpoints of one with parentId.",
    query: ["jobId", "siteId", "parentId", "personId", "status", "identifier", "from", "to", ...PAGE],
  },
  {
    method: "POST",
    path: "/jobneeds",
    action: "jobs.createJobneed",
    role: "operator",
    status: 201,
    summary: "Work that came up; a scheduled occurrence that it was is found by asset, checklist, person and time.",
    body: [
      ...["siteId", "uuid", "name", "identifier", "priority", "assetId", "questionSetId", "personId"],
      ...["peopleGroupId", "planAt", "expiryAt", "startedAt", "remarks", "notifyCategory", "ctzoffset"],
    ],
  },
  {
    method: "GET",
    path: "/jobneeds/:id",
    action: "jobs.getJobneed",
    role: "viewer",
    summary: "One occurrence with its checklist and checkpoints.",
  },
  {
    method: "POST",
    path: "/jobneeds/:id/start",
    action: "jobs.startJobneed",
    role: "operator",
    summary: "Work on an occurrence has begun.",
    body: ["startedAt", "performedById", "ctzoffset"],
  },
  {
    method: "POST",
    path: "/jobneeds/:id/complete",
    action: "jobs.completeJobneed",
    role: "operator",
    summary: "Answers and end of an occurrence; sent again it changes nothing.",
    body: [...["answers", "performedById", "startedAt", "endedAt", "remarks", "latitude", "longitude"], "ctzoffset"],
  },
  {
    method: "POST",
    path: "/jobneeds/:id/move",
    action: "jobs.moveJobneed",
    role: "operator",
    summary: "To another state of work that is under way.",
    body: ["status"],
  },
  {
    method: "POST",
    path: "/tickets",
    action: "tickets.create",
    role: "operator",
    status: 201,
    summary: "Open a ticket; its mail is enqueued in the same transaction.",
    body: ["siteId", "uuid", "identifier", ...TICKET],
  },
  {
    method: "GET",
    path: "/tickets",
    action: "tickets.list",
    role: "viewer",
    summary: "Tickets, newest first.",
    query: [
      ...["siteId", "status", "priority", "categoryId", "assignedToPersonId", "assignedToGroupId", "assetId"],
      ...["jobneedId", "isEscalated", "q", ...PAGE],
    ],
  },
  { method: "GET", path: "/tickets/:id", action: "tickets.get", role: "viewer", summary: "One ticket." },
  {
    method: "PATCH",
    path: "/tickets/:id",
    action: "tickets.change",
    role: "operator",
    summary: "Change a ticket; who has it, and its state, are mailed.",
    body: ["status", ...TICKET],
  },
  {
    method: "POST",
    path: "/tickets/:id/transition",
    action: "tickets.transition",
    role: "operator",
    summary: "To another state: NEW, OPEN, ONHOLD, RESOLVED, CLOSED, CANCELLED, as they may follow each other.",
    body: ["status", "comments"],
  },
  {
    method: "POST",
    path: "/tickets/:id/comments",
    action: "tickets.comment",
    role: "operator",
    status: 201,
    summary: "Comment on a ticket.",
    body: ["comment"],
  },
  {
    method: "GET",
    path: "/tickets/:id/history",
    action: "tickets.history",
    role: "viewer",
    summary: "What happened to a ticket, oldest first.",
    query: PAGE,
  },
  {
    method: "GET",
    path: "/sites/:siteId/active-jobs",
    action: "jobs.active",
    role: "viewer",
    summary: "The enabled jobs of a site; at most a minute old.",
  },
  {
    method: "GET",
    path: "/sites/:siteId/overview",
    action: "tickets.overview",
    role: "viewer",
    summary: "How a site stands with its tickets; at most five minutes old.",
  },
  {
    method: "GET",
    path: "/escalation-matrix",
    action: "escalation.matrix",
    role: "viewer",
    summary: "Who is told, and who takes over, when a ticket waits.",
    query: ["siteId", "categoryId", "jobId", ...PAGE],
  },
  {
    method: "POST",
    path: "/escalation-matrix",
    action: "escalation.createMatrixRow",
    role: "operator",
    status: 201,
    summary: "Add a level for a category of tickets, or a reminder for a job.",
    body: ["siteId", "category", "categoryId", "jobId", ...MATRIX],
  },
  {
    method: "GET",
    path: "/escalation-matrix/:id",
    action: "escalation.getMatrixRow",
    role: "viewer",
    summary: "One row of the matrix.",
  },
  {
    method: "PATCH",
    path: "/escalation-matrix/:id",
    action: "escalation.changeMatrixRow",
    role: "operator",
    summary: "Change a row of the matrix.",
    body: MATRIX,
  },
  {
    method: "DELETE",
    path: "/escalation-matrix/:id",
    action: "escalation.removeMatrixRow",
    role: "operator",
    summary: "Remove a row of the matrix; one that reminders were made from is disabled.",
  },
  {
    method: "GET",
    path: "/reminders",
    action: "escalation.reminders",
    role: "viewer",
    summary: "Reminders of planned maintenance, by id.",
    query: ["siteId", "jobId", "status", ...PAGE],
  },
]);
