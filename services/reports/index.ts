import type { ServiceModule } from "../service-module.ts";
import { reportsService } from "./reports.service.ts";
import {
  cleanupReports,
  createScheduledReports,
  generateMonthlyReport,
  generateReport,
  noteReportDelivery,
  sendGeneratedReportOnMail,
} from "./tasks.ts";

export const reportsModule: ServiceModule = {
  name: "reports",
  create: reportsService,
  tasks: [
    createScheduledReports,
    generateReport,
    sendGeneratedReportOnMail,
    generateMonthlyReport,
    noteReportDelivery,
    cleanupReports,
  ],
};
