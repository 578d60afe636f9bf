/** The facility's services on a backend, and calls to them as somebody of a client. */
import { type Clock, SystemClock } from "../../runtime/index.ts";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { sendReadingsAlert, sendTicketEmail } from "../../services/email/tasks.ts";
import { matrixActions } from "../../services/escalation/matrix-actions.ts";
import { facilityService } from "../../services/facility/facility.service.ts";
import { alertMailActions } from "../../services/jobs/alert-mail.ts";
import { jobActions } from "../../services/jobs/job-actions.ts";
import { jobneedActions } from "../../services/jobs/jobneed-actions.ts";
import type { ServiceParts } from "../../services/service-parts.ts";
import { ticketsModule } from "../../services/tickets/index.ts";
import type { Backend } from "./backends.ts";
import { type RunningServices, startServices } from "./services.ts";
import { hearInto, type Told } from "./told.ts";

export interface FacilityServices extends RunningServices {
  /** What was told to the bus, by jobs and occurrences. */
  readonly told: Told[];
  /** A call as an operator of this client. */
  as<Result>(clientId: number | undefined, action: string, params?: object): Promise<Result>;
}

export async function startFacility(backend: Backend, clock: Clock = new SystemClock()): Promise<FacilityServices> {
  const told: Told[] = [];
  const tell = hearInto(told);
  const at = (create: (parts: ServiceParts) => TaskServiceSchema) => ({ name: "tickets" as const, tasks: [], create });
  const services = await startServices(backend, {
    modules: [
      ticketsModule,
      at(facilityService),
      at((parts) => ({
        name: "jobs",
        actions: { ...jobActions(parts, tell), ...jobneedActions(parts, tell), ...alertMailActions(parts) },
      })),
      at((parts) => ({ name: "escalation", actions: matrixActions(parts) })),
    ],
    tasks: [sendTicketEmail, sendReadingsAlert],
    runtime: { queues: [], parts: { clock } },
  });
  return {
    ...services,
    told,
    as: (clientId, action, params = {}) =>
      services.call(action, params, { user: { name: "olga", role: "operator", clientId } }),
  };
}
