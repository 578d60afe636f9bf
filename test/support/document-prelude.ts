/**
 * What the examples in the documents take as given: the exports of this project under their own names, and the things a
 * reader has at hand. The examples are compiled with these (test/unit/documents.test.ts); nothing of it runs.
 */
import type { Context } from "moleculer";
import type * as zod from "zod";
import type * as store from "../../database/index.ts";
import type * as platform from "../../runtime/index.ts";
import type * as moleculer from "../../runtime/moleculer/index.ts";
import type * as testing from "../../runtime/testing/index.ts";
import type * as cacheClient from "../../services/cache/client/index.ts";
import type * as emailTasks from "../../services/email/tasks.ts";
import type * as mqttTasks from "../../services/mqtt/tasks.ts";

declare global {
  const z: typeof zod.z;
  const defineTask: typeof platform.defineTask;
  const defineSchedule: typeof platform.defineSchedule;
  const Retry: typeof platform.Retry;
  const Reject: typeof platform.Reject;
  const runs: typeof moleculer.runs;
  const runsApart: typeof moleculer.runsApart;
  const eagerCaller: typeof testing.eagerCaller;
  const recordingCaller: typeof testing.recordingCaller;
  const sendTicketEmail: typeof emailTasks.sendTicketEmail;
  const sendReportNotification: typeof emailTasks.sendReportNotification;
  const publishMqtt: typeof mqttTasks.publishMqtt;

  type TaskServiceSchema = moleculer.TaskServiceSchema;

  const runtime: platform.Runtime;
  const database: store.Database;
  const cache: cacheClient.Cache;
  const ctx: Context<unknown, object, { task: platform.TaskContext }>;

  // A reader's own.
  const siteId: number;
  const given: { readonly description: string };
  const job: { readonly id: number; readonly siteId: number };
  const insertTicket: (tx: store.Transaction, given: object) => Promise<{ readonly id: number }>;
  const updateJob: (tx: store.Transaction, job: object) => Promise<void>;
  const activeJobs: (siteId: number) => Promise<readonly object[]>;
}
