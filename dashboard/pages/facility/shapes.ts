// What the facility's part of the API answers, as far as pages read it.

export interface Site {
  readonly id: number;
  readonly code: string;
  readonly name: string;
  readonly timezone: string;
  readonly kind: string;
  readonly enabled: boolean;
  readonly inchargeId: number | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
}

export interface Person {
  readonly id: number;
  readonly name: string;
  readonly siteId: number | null;
  readonly code: string | null;
}

export interface SiteOverview {
  readonly byStatus: Readonly<Record<string, number>>;
  readonly openByPriority: Readonly<Record<string, number>>;
  readonly oldestOpenAt: string | null;
}

export interface Job {
  readonly id: number;
  readonly siteId: number;
  readonly timezone: string;
  readonly parentId: number | null;
  readonly name: string;
  readonly description: string | null;
  readonly identifier: string;
  readonly cron: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly planDuration: number;
  readonly graceTime: number;
  readonly expiryTime: number;
  readonly priority: string;
  readonly personId: number | null;
  readonly enabled: boolean;
  readonly generatedUntil: string | null;
}

export interface Jobneed {
  readonly id: number;
  readonly siteId: number;
  readonly jobId: number | null;
  readonly parentId: number | null;
  readonly name: string;
  readonly scheduledAt: string;
  readonly planAt: string;
  readonly expiryAt: string;
  readonly status: string;
  readonly identifier: string;
  readonly personId: number | null;
  readonly hasAlerts: boolean;
}

export interface Ticket {
  readonly id: number;
  readonly number: string;
  readonly siteId: number;
  readonly description: string;
  readonly priority: string;
  readonly status: string;
  readonly level: number;
  readonly category: string | null;
  readonly categoryId: number | null;
  readonly assignedToPersonId: number | null;
  readonly assignedToGroupId: number | null;
  readonly source: string;
  readonly comments: string | null;
  readonly isEscalated: boolean;
  readonly escalatedAt: string | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface TicketEvent {
  readonly id: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly previousState: unknown;
}

export interface Report {
  readonly id: number;
  readonly report: string;
  readonly title: string;
  readonly format: string;
  readonly state: string;
  readonly isLate: boolean;
  readonly periodFrom: string | null;
  readonly periodUpto: string | null;
  readonly timezone: string;
  readonly fileName: string | null;
  readonly bytes: number | null;
  readonly rows: number | null;
  readonly error: { readonly code?: string; readonly message: string } | null;
  readonly requestedBy: string;
  readonly scheduleId: number | null;
  readonly taskId: string | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
}

export interface CatalogueEntry {
  readonly key: string;
  readonly title: string;
  readonly description: string;
  readonly formats: readonly string[];
  readonly period: "range" | "day" | "none";
  readonly params: { readonly properties: Readonly<Record<string, unknown>>; readonly required?: readonly string[] };
}

export interface Mail {
  readonly file: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly subject: string | null;
  readonly date: string | null;
  readonly text?: string | null;
  readonly html?: string | null;
}
