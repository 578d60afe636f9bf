// What a report of the catalogue is: its key, what must be asked with it, the formats it comes in, and how its document
// is read from the database.
import type { z } from "zod";
import type { Scope } from "../scope.ts";
import type { Format, ReportDocument } from "./document.ts";
import type { ReportReader } from "./reader.ts";

export interface ReportRequest<Params> {
  readonly params: Params;
  readonly scope: Scope;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface ReportDefinition<Params extends object = object> {
  /** As the original has it: `TASKSUMMARY`. */
  readonly key: string;
  readonly title: string;
  /** One sentence for the catalogue page. */
  readonly description: string;
  readonly formats: readonly Format[];
  /** Strict. Reports over a period take `from` and `upto` (`period.ts`), which a schedule fills in. */
  readonly params: z.ZodType<Params>;
  /** What a schedule fills in: `from` and `upto`, the `date` of the period's first day, or nothing. */
  readonly period: "range" | "day" | "none";
  /** @throws ApiumError `PARAMS_INVALID` (a site that is not there, named by its field). */
  document(request: ReportRequest<Params>, reader: ReportReader): Promise<ReportDocument>;
}

/** Keeps the type of the parameters while it is written, and forgets it in the catalogue. */
export function defineReport<Params extends object>(definition: ReportDefinition<Params>): ReportDefinition {
  return definition as unknown as ReportDefinition;
}
