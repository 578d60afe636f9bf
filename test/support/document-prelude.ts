/**
 * What the examples in the documents take as given: the exports of this project under their own names, and the things a
 * reader has at hand. The examples are compiled with these (test/unit/documents.test.ts); nothing of it runs.
 */
import type { Context } from "moleculer";
import type { Transporter } from "nodemailer";
import type * as zod from "zod";
import type * as store from "../../database/index.ts";
import type * as platform from "../../runtime/index.ts";
import type * as moleculer from "../../runtime/moleculer/index.ts";
import type * as testing from "../../runtime/testing/index.ts";
import type * as cacheClient from "../../services/cache/client/index.ts";
import type * as datasetsServices from "../../services/datasets/datasets.service.ts";
import type * as datasetsTasks from "../../services/datasets/tasks.ts";
import type * as delivery from "../../services/email/delivery.ts";
import type { Recipient } from "../../services/email/recipients.ts";
import type * as emailTasks from "../../services/email/tasks.ts";
import type * as ticketMails from "../../services/email/ticket-mail.ts";
import type * as jobStore from "../../services/jobs/job-store.ts";
import type * as cleanup from "../../services/maintenance/cleanup.ts";
import type * as maintenanceTasks from "../../services/maintenance/tasks.ts";
import type { MqttConnection } from "../../services/mqtt/connection.ts";
import type * as mqttTasks from "../../services/mqtt/tasks.ts";
import type * as monthly from "../../services/reports/monthly.ts";
import type * as runStore from "../../services/reports/run-store.ts";
import type * as reportTasks from "../../services/reports/tasks.ts";
import type * as scopes from "../../services/scope.ts";
import type * as serviceModule from "../../services/service-module.ts";
import type { ServiceParts } from "../../services/service-parts.ts";

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
  const cleanupOldRecords: typeof maintenanceTasks.cleanupOldRecords;
  const generateMonthlyReport: typeof reportTasks.generateMonthlyReport;
  const generateReport: typeof reportTasks.generateReport;
  const processLargeDataset: typeof datasetsTasks.processLargeDataset;
  const processChunk: typeof datasetsTasks.processChunk;

  type TaskServiceSchema = moleculer.TaskServiceSchema;
  type ServiceModule = serviceModule.ServiceModule;
  type ScheduleInput = platform.ScheduleInput;
  type TicketMailFacts = ticketMails.TicketFacts & { readonly recipients: readonly Recipient[] };

  const ticketMail: typeof ticketMails.ticketMail;
  const deliver: typeof delivery.deliver;
  const cleanUp: typeof cleanup.cleanUp;
  const OLD_TRACKING: cleanup.Cleanup;
  const OLD_DELETED_ROWS: cleanup.Cleanup;
  const OLD_IMPORTS: cleanup.Cleanup;
  const OLD_MESSAGES: cleanup.Cleanup;
  const OLD_CHANGES: cleanup.Cleanup;
  const orderMonthly: typeof monthly.orderMonthly;
  const endRun: typeof runStore.endRun;
  const findJob: typeof jobStore.findJob;
  const listJobs: typeof jobStore.listJobs;
  const datasetsService: typeof datasetsServices.datasetsService;

  const runtime: platform.Runtime;
  const database: store.Database;
  const cache: cacheClient.Cache;
  const parts: ServiceParts;
  const settings: ServiceParts["settings"];
  const scope: scopes.Scope;
  const transport: Transporter;
  const broker: MqttConnection;
  const ctx: Context<unknown, object, { task: platform.TaskContext }>;

  // A reader's own.
  const siteId: number;
  const given: { readonly description: string };
  const job: { readonly id: number; readonly siteId: number };
  const insertTicket: (tx: store.Transaction, given: object) => Promise<{ readonly id: number }>;
  const updateJob: (tx: store.Transaction, job: object) => Promise<void>;
  const activeJobs: (siteId: number) => Promise<readonly object[]>;
  const userId: number;
  const drawReport: (runId: number) => Promise<runStore.MadeFile>;
  const countOf: (datasetId: number) => Promise<number>;
  const processRows: (tx: store.Transaction, datasetId: number, start: number, end: number) => Promise<ChunkDone>;
  interface ChunkDone {
    readonly rows: number;
    readonly checksum: string;
  }
}
