/**
 * The services that close, escalate and remind, on a facility, with a clock that tests set. Unless `queues` says
 * otherwise nothing works their tasks: a test calls a sweep as an action, and looks at what it enqueued.
 */
import { type Clock, SystemClock } from "../../runtime/index.ts";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { emailModule } from "../../services/email/index.ts";
import { escalationService, escalationTasks, reminderActions } from "../../services/escalation/escalation.service.ts";
import { noteReminder, sendReminderEmail, ticketEscalation } from "../../services/escalation/tasks.ts";
import { autoCloseActions, autoCloseTasks } from "../../services/jobs/auto-close-tasks.ts";
import { autoCloseJobs } from "../../services/jobs/tasks.ts";
import type { ServiceModule } from "../../services/service-module.ts";
import type { ServiceParts } from "../../services/service-parts.ts";
import { ticketMailFacts } from "../../services/tickets/mail-facts.ts";
import { raiseTicketTasks } from "../../services/tickets/raise-ticket-tasks.ts";
import { raiseAutocloseTicket } from "../../services/tickets/tasks.ts";
import type { Facility } from "./facility.ts";
import { type RunningServices, startServices } from "./services.ts";
import { hearInto, type Told } from "./told.ts";

/** Stands where it was set; runs like any other until then. */
export class SetClock implements Clock {
  readonly #system = new SystemClock();
  #now: number | undefined;

  set(instant: string | undefined): void {
    this.#now = instant === undefined ? undefined : Date.parse(instant);
  }

  now = (): number => this.#now ?? this.#system.now();
  monotonic = (): number => this.#system.monotonic();
  after: Clock["after"] = (delayMs, run) => this.#system.after(delayMs, run);
}

export interface Sweeps extends RunningServices {
  readonly clock: SetClock;
  readonly told: Told[];
  readonly parts: ServiceParts;
  /** Parameters of the live tasks of this name, oldest first. */
  queued(name: string): Promise<{ params: Record<string, unknown>; dueAt: string | null }[]>;
}

export interface SweepsOptions {
  readonly queues?: readonly string[];
  readonly withMail?: boolean;
  /** The whole escalation service, which looks for reminders by itself. */
  readonly watches?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function startSweeps(facility: Facility, options: SweepsOptions = {}): Promise<Sweeps> {
  const clock = new SetClock();
  const told: Told[] = [];
  const tell = hearInto(told);
  let kept: ServiceParts | undefined;
  const module = (name: string, schema: (parts: ServiceParts) => Partial<TaskServiceSchema>): ServiceModule => ({
    name: name as ServiceModule["name"],
    create: (parts) => {
      kept = parts;
      return { name, ...schema(parts) };
    },
    tasks: [],
  });
  const modules = [
    module("jobs", (parts) => ({ tasks: autoCloseTasks(parts, tell), actions: autoCloseActions(parts) })),
    module("tickets", (parts) => ({
      tasks: raiseTicketTasks(parts, tell),
      actions: { mailFacts: (ctx) => ticketMailFacts(parts.database, ctx.params) },
    })),
    module("escalation", (parts) =>
      options.watches
        ? escalationService(parts)
        : { tasks: escalationTasks(parts, tell), actions: reminderActions(parts) },
    ),
    ...(options.withMail ? [emailModule] : []),
  ];
  const services = await startServices(facility.backend, {
    modules,
    tasks: [
      autoCloseJobs,
      raiseAutocloseTicket,
      ticketEscalation,
      sendReminderEmail,
      noteReminder,
      ...emailModule.tasks.filter(() => !options.withMail),
    ],
    listeners: [
      {
        name: "listener",
        events: {
          "ticket.escalated": (ctx: { params: Told["payload"] }) =>
            void told.push({ event: "ticket.escalated", payload: ctx.params }),
        },
      },
    ],
    runtime: { queues: options.queues ?? [], parts: { clock } },
    ...(options.environment === undefined ? {} : { environment: options.environment }),
  });
  return {
    ...services,
    clock,
    told,
    parts: kept as ServiceParts,
    queued: (name) =>
      facility.all(
        `select params, to_char(due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "dueAt"
         from task where name = $1 order by id`,
        [name],
      ),
  };
}
