// Tickets that wait too long climb a level; reminders of planned maintenance leave at their minute.
import type { Context } from "moleculer";
import { z } from "zod";
import { parseParams, tellOver } from "../../runtime/index.ts";
import { runs, type TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { id } from "../fields.ts";
import type { Tell } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { escalateAllDue } from "./escalation.ts";
import { matrixActions } from "./matrix-actions.ts";
import { pointlessBecause } from "./reminder-rules.ts";
import { noteOutcome, reminderMailFacts } from "./reminder-store.ts";
import { planReminders, watchReminders } from "./reminders.ts";
import { noteReminder, sendReminderEmail, ticketEscalation } from "./tasks.ts";

export function escalationService(parts: ServiceParts): TaskServiceSchema {
  let stopWatching = async () => {};
  let tell: Tell = () => {};
  return {
    name: "escalation",
    tasks: escalationTasks(parts, (event, payload) => tell(event, payload)),
    actions: { ...matrixActions(parts), ...reminderActions(parts) },
    created() {
      tell = tellOver(this.broker);
    },
    async started() {
      stopWatching = watchReminders(parts);
    },
    async stopped() {
      await stopWatching();
    },
  };
}

/** `tell` hears `ticket.escalated` of each ticket, after the commit. */
export function escalationTasks(parts: ServiceParts, tell: Tell): NonNullable<TaskServiceSchema["tasks"]> {
  const now = () => parts.runtime.parts.clock.now();
  return {
    ticketEscalation: runs(ticketEscalation, (ctx) => escalateAllDue(parts, tell, ctx.locals.task.signal)),
    sendReminderEmail: runs(sendReminderEmail, (ctx) => planReminders(parts, ctx.locals.task.signal)),
    noteReminder: runs(noteReminder, (ctx) => {
      const { reminderId, outcome } = ctx.params;
      return ctx.locals.task.complete((tx) => noteOutcome(tx, reminderId, outcome, now()));
    }),
  };
}

/** What the mail of a reminder needs to know; `pointless` says why it should not go out any more. */
export function reminderActions({ database, runtime }: ServiceParts) {
  return {
    async reminderMailFacts(ctx: Context<unknown>) {
      const { reminderId } = parseParams(z.strictObject({ reminderId: id }), ctx.params);
      const facts = await reminderMailFacts(database, reminderId);
      const { status, planAt } = facts.reminder;
      const known = { status, planAt: Date.parse(planAt), workStatus: facts.work.status };
      return { ...facts, pointless: pointlessBecause(known, runtime.parts.clock.now()) ?? null };
    },
  };
}
