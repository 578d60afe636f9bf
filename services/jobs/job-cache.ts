// What is asked of jobs all day, kept for a moment: a site's active jobs (as the original did, 60 s) and the first page of a
// list. A change takes both away after its commit, so that nobody keeps an old row.
import { createHash } from "node:crypto";
import type { Database, Transaction } from "../../database/index.ts";
import type { Scope } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { type Job, type JobFilter, listJobs } from "./job-store.ts";

type Cache = ServiceParts["cache"];
type Page = Awaited<ReturnType<typeof listJobs>>;

const MOST_ACTIVE = 500;

/** The enabled jobs of a site; at most a minute old. The site must be one the asker may see. */
export function activeJobs(cache: Cache, database: Database, scope: Scope, siteId: number): Promise<Page> {
  return cache.remember(`active_jobs_site_${siteId}`, { ttl: "60s", cacheIf: hasItems }, () =>
    listJobs(database, scope, { siteId, enabled: true, limit: MOST_ACTIVE }),
  );
}

/** A list of jobs; its first page is at most fifteen seconds old. */
export function jobList(cache: Cache, database: Database, scope: Scope, filter: JobFilter): Promise<Page> {
  if (filter.cursor !== undefined) return listJobs(database, scope, filter);
  const question = createHash("sha256")
    .update(JSON.stringify([scope.clientId ?? null, filter]))
    .digest("hex");
  return cache.remember(`job_list_${question}`, { ttl: "15s", cacheIf: hasItems }, () =>
    listJobs(database, scope, filter),
  );
}

/** To be said in the transaction that changes a job. */
export function jobChanged(cache: Cache, tx: Transaction, { id, siteId }: Pick<Job, "id" | "siteId">): void {
  cache.afterCommit(tx).delete(`job_${id}`, `active_jobs_site_${siteId}`).deletePattern("job_list_*");
}

/** What is empty may be filled in a moment, by an import or a first start. */
function hasItems({ items }: Page): boolean {
  return items.length > 0;
}
