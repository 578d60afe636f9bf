// What is wrong with schedules, or will be. The whole doctor would ask every process and every server for each open page.
import { offers } from "../../core/offers.ts";
import type { Health } from "../../core/shapes-system.ts";
import { type Query, useQuery } from "../../core/use-query.ts";

export function useFindings(): Query<Health> {
  return useQuery<Health>(offers("GET /doctor/schedules") === true ? "/doctor/schedules" : undefined, {
    everyMs: 60_000,
  });
}
