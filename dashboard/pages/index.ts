// Every page: its address, what it is called, where it stands in the menu. A page's folder holds what it is made of.
import type { ComponentType } from "preact";
import type { IconName } from "../parts/icon.tsx";
import { DeadLetters } from "./dead-letters/dead-letters.tsx";
import { LetterPage } from "./dead-letters/letter.tsx";
import { Overview } from "./overview/overview.tsx";
import { Queues } from "./queues/queues.tsx";
import { TaskPage } from "./task/task.tsx";
import { Tasks } from "./tasks/tasks.tsx";

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
];
