// Every report there is.
import type { ReportDefinition } from "../definition.ts";
import { attendanceSummary } from "./attendance-summary.ts";
import { logSheet } from "./log-sheet.ts";
import { assetQr, checkpointQr, locationQr, peopleQr } from "./qr-sheets.ts";
import { routeVisitReport } from "./route-visit-report.ts";
import { serviceLevel } from "./service-level.ts";
import { siteReport } from "./site-report.ts";
import { siteVisitReport } from "./site-visit-report.ts";
import { assetTaskStatus } from "./work/asset-task-status.ts";
import { taskSummary, tourSummary } from "./work/daily-summary.ts";
import { dynamicDetailedTourSummary, staticDetailedTourSummary } from "./work/detailed-tour-summary.ts";
import { listOfTickets } from "./work/list-of-tickets.ts";
import { dynamicTourList, listOfTasks, listOfTours, staticTourList } from "./work/lists.ts";
import { monthlySummary } from "./work/monthly-summary.ts";
import { ppmSummary } from "./work/ppm-summary.ts";
import { dynamicTourDetails, staticTourDetails } from "./work/tour-details.ts";
import { workOrderList } from "./work-order-list.ts";
import { workPermit } from "./work-permit.ts";

export const REPORTS: readonly ReportDefinition[] = [
  taskSummary,
  tourSummary,
  listOfTasks,
  listOfTours,
  staticTourList,
  dynamicTourList,
  ppmSummary,
  listOfTickets,
  assetTaskStatus,
  staticDetailedTourSummary,
  dynamicDetailedTourSummary,
  staticTourDetails,
  dynamicTourDetails,
  workOrderList,
  siteReport,
  siteVisitReport,
  routeVisitReport,
  logSheet,
  attendanceSummary,
  peopleQr,
  assetQr,
  checkpointQr,
  locationQr,
  workPermit,
  serviceLevel,
  monthlySummary,
];

const BY_KEY = new Map(REPORTS.map((report) => [report.key, report]));

export function reportNamed(key: string): ReportDefinition | undefined {
  return BY_KEY.get(key);
}
