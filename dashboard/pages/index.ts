// Every page: its address, what it is called, where it stands in the menu. A page's folder holds what it is made of.
import type { ComponentType } from "preact";
import type { IconName } from "../parts/icon.tsx";
import { Audit } from "./audit/audit.tsx";
import { Cache } from "./cache/cache.tsx";
import { DeadLetters } from "./dead-letters/dead-letters.tsx";
import { LetterPage } from "./dead-letters/letter.tsx";
import { Job } from "./facility/job.tsx";
import { Jobs } from "./facility/jobs.tsx";
import { Mailbox } from "./facility/mailbox.tsx";
import { Reports } from "./facility/reports.tsx";
import { Site } from "./facility/site.tsx";
import { Sites } from "./facility/sites.tsx";
import { Ticket } from "./facility/ticket.tsx";
import { Tickets } from "./facility/tickets.tsx";
import { Overview } from "./overview/overview.tsx";
import { Queue } from "./queues/queue.tsx";
import { Queues } from "./queues/queues.tsx";
import { Schedule } from "./schedules/schedule.tsx";
import { Schedules } from "./schedules/schedules.tsx";
import { Settings } from "./settings/settings.tsx";
import { TaskPage } from "./task/task.tsx";
import { Tasks } from "./tasks/tasks.tsx";
import { Worker } from "./workers/worker.tsx";
import { Workers } from "./workers/workers.tsx";

export interface PageEntry {
  /** A pattern: `:id` is handed to the page. */
  readonly path: string;
  readonly page: ComponentType<Readonly<Record<string, string>>>;
  /** In the menu. A page without it is reached from another. */
  readonly menu?: { readonly label: string; readonly icon: IconName; readonly group: Group; readonly key: string };
  /** There for people of a client, too: it shows nothing but their facility. */
  readonly isOfClient?: boolean;
}

export const GROUPS = ["Work", "System", "Facility"] as const;
export type Group = (typeof GROUPS)[number];

/** What people of a client see. */
const FACILITY: readonly PageEntry[] = (
  [
    { path: "/sites", page: Sites, menu: { label: "Sites", icon: "sites", group: "Facility", key: "i" } },
    { path: "/sites/:id", page: Site },
    { path: "/jobs", page: Jobs, menu: { label: "Jobs", icon: "jobs", group: "Facility", key: "j" } },
    { path: "/jobs/:id", page: Job },
    { path: "/tickets", page: Tickets, menu: { label: "Tickets", icon: "tickets", group: "Facility", key: "k" } },
    { path: "/tickets/:id", page: Ticket },
    { path: "/reports", page: Reports, menu: { label: "Reports", icon: "file", group: "Facility", key: "r" } },
  ] satisfies readonly PageEntry[]
).map((entry) => ({ ...entry, isOfClient: true }));

export const PAGES: readonly PageEntry[] = [
  { path: "/", page: Overview, menu: { label: "Overview", icon: "overview", group: "Work", key: "o" } },
  { path: "/tasks", page: Tasks, menu: { label: "Tasks", icon: "tasks", group: "Work", key: "t" } },
  { path: "/tasks/:id", page: TaskPage },
  {
    path: "/dead-letters",
    page: DeadLetters,
    menu: { label: "Dead letters", icon: "letters", group: "Work", key: "d" },
  },
  { path: "/dead-letters/:id", page: LetterPage },
  { path: "/queues", page: Queues, menu: { label: "Queues", icon: "queues", group: "Work", key: "q" } },
  { path: "/queues/:name", page: Queue },
  { path: "/workers", page: Workers, menu: { label: "Workers", icon: "workers", group: "Work", key: "w" } },
  { path: "/workers/:id", page: Worker },
  { path: "/schedules", page: Schedules, menu: { label: "Schedules", icon: "schedules", group: "Work", key: "s" } },
  { path: "/schedules/:name", page: Schedule },
  { path: "/cache", page: Cache, menu: { label: "Cache", icon: "cache", group: "System", key: "c" } },
  { path: "/audit", page: Audit, menu: { label: "Audit", icon: "audit", group: "System", key: "a" } },
  {
    path: "/settings",
    page: Settings,
    menu: { label: "Settings", icon: "settings", group: "System", key: "e" },
    isOfClient: true,
  },
  ...FACILITY,
  { path: "/mailbox", page: Mailbox, menu: { label: "Mailbox", icon: "mail", group: "Facility", key: "m" } },
  { path: "/mailbox/:file", page: Mailbox },
];
