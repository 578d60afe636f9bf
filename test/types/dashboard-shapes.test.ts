/** The dashboard reads what the server says: its shapes fit the server's types, as JSON carries them. `tsc` checks it here. */
import { expect, test } from "@jest/globals";
import type * as shape from "../../dashboard/core/shapes.ts";
import type * as system from "../../dashboard/core/shapes-system.ts";
import type * as facility from "../../dashboard/pages/facility/shapes.ts";
import type { DeadLetterView } from "../../runtime/control/dead-letters.ts";
import type { QueueView, TypeSettings } from "../../runtime/control/index.ts";
import type { WorkerView } from "../../runtime/control/workers.ts";
import type { Finding, Page, ScheduleView, TaskView } from "../../runtime/index.ts";
import type { AuditEntry } from "../../runtime/moleculer/audit-list.ts";
import type { Answers } from "../../runtime/moleculer/inspect-ask.ts";
import type { AttemptView } from "../../runtime/results/task-view.ts";
import type { HistoryView, ScheduleInput } from "../../runtime/schedule/index.ts";
import type { DepthPoint, EndPoint, SeriesView, TaskCounts } from "../../runtime/series/series.ts";
import type { CacheCounts, Command } from "../../services/cache/command-log.ts";
import type { MailSummary } from "../../services/email/mailbox.ts";
import type { TokenRow } from "../../services/facility/accounts-tokens.ts";

/** What is left of a value on its way: dates are text, and what is undefined is not there. */
type Json<Value> = Value extends Date
  ? string
  : Value extends object
    ? { [Field in keyof Value]: Json<Exclude<Value[Field], undefined>> }
    : Value;

/** Fields that are named, without those of an index. */
type Named<Value> = { [Field in keyof Value as string extends Field ? never : Field]: Value[Field] };
type Shared<Shape, View> = Pick<Shape, keyof Shape & keyof Named<View>>;

declare function told<View>(): Json<View>;
declare function reads<Shape>(answer: Shape): void;

/** Never called: only its types matter. */
function readings(): void {
  reads<shape.Items<unknown>>(told<Page<unknown>>());
  reads<shape.Queue>(told<QueueView>());
  reads<shape.Worker>(told<WorkerView>());
  reads<shape.Task>(told<TaskView>());
  reads<shape.Attempt>(told<AttemptView>());
  reads<shape.DeadLetter>(told<DeadLetterView>());
  reads<shape.TaskCounts>(told<TaskCounts>());
  reads<shape.Series>(told<SeriesView>());
  reads<shape.SeriesPoint>(told<EndPoint>());
  reads<shape.QueuePoint>(told<DepthPoint>());
  // A schedule is where it stands, and its definition as it could be sent again, durations as text.
  reads<Shared<shape.Schedule, ScheduleView>>(told<Named<ScheduleView>>());
  reads<never>(told<Exclude<keyof shape.Schedule, keyof Named<ScheduleView> | keyof ScheduleInput>>());

  reads<system.ScheduleHistory>(told<HistoryView>());
  reads<system.Finding>(told<Finding>());
  reads<Pick<system.NamedCache, keyof CacheCounts>>(told<CacheCounts>());
  reads<system.CacheCommand>(told<Command>());
  reads<system.AuditEntry>(told<AuditEntry>());
  reads<system.Token>(told<TokenRow>());
  reads<system.Answers<unknown>>(told<Answers>());
  reads<system.TypeSettings>(told<TypeSettings>());
  reads<facility.Mail>(told<MailSummary>());

  // @ts-expect-error a field that the server does not have
  reads<shape.Queue & { readonly depth: number }>(told<QueueView>());
  // @ts-expect-error one that may be null, read as one that is not
  reads<{ readonly pausedAt: string }>(told<QueueView>());
  // @ts-expect-error a date comes as text
  reads<{ readonly at: Date }>(told<{ readonly at: Date }>());
}

test("what the dashboard reads is what the server says", () => {
  expect(readings).toBeInstanceOf(Function);
});
