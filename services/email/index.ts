import type { ServiceModule } from "../service-module.ts";
import { emailService } from "./email.service.ts";
import {
  sendAutocloseEmail,
  sendJobReminder,
  sendReadingsAlert,
  sendReportEmail,
  sendReportNotification,
  sendTicketEmail,
  sendWorkOrderEmail,
} from "./tasks.ts";

export const emailModule: ServiceModule = {
  name: "email",
  create: emailService,
  tasks: [
    sendTicketEmail,
    sendAutocloseEmail,
    sendReadingsAlert,
    sendWorkOrderEmail,
    sendJobReminder,
    sendReportEmail,
    sendReportNotification,
  ],
};
