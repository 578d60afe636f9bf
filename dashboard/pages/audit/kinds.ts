// Kinds of changes by the beginnings of their actions, and what they are called.

type Kind = readonly [action: string, text: string];

/** Of the platform; the first is all there is. */
export const KINDS: readonly Kind[] = [
  ["", "Everything"],
  ["task.", "Tasks"],
  ["dead-letter.", "Dead letters"],
  ["queue.", "Queues"],
  ["schedule.", "Schedules"],
  ["worker.", "Workers"],
  ["task-type.", "Task types"],
  ["tenant.", "Tenants"],
  ["cache.", "Caches"],
  ["token.", "Tokens"],
];

/** Of the facility: too many for a row of chips. */
export const FACILITY_KINDS: readonly Kind[] = [
  ["site.", "Sites"],
  ["person.", "People"],
  ["group.", "Groups"],
  ["approver.", "Approvers"],
  ["vendor.", "Vendors"],
  ["asset.", "Assets"],
  ["location.", "Locations"],
  ["shift.", "Shifts"],
  ["question", "Checklists and questions"],
  ["type-assist-value.", "Lookup values"],
  ["job.", "Jobs"],
  ["jobneed.", "Work"],
  ["ticket.", "Tickets"],
  ["escalation-level.", "Escalation"],
  ["work-order.", "Work orders"],
  ["report.", "Reports"],
  ["report-schedule.", "Schedules of reports"],
  ["import.", "Imports"],
  ["attachment.", "Attachments"],
  ["dataset.", "Datasets"],
];
