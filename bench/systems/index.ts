import type { Facts, OpenSystem } from "../system.ts";
import { openApium, openApiumEmbedded, openApiumPostgres } from "./apium.ts";
import { openBullMq, openBullMqPostgres } from "./bullmq.ts";
import { openGraphile } from "./graphile-worker.ts";
import { openPgBoss } from "./pg-boss.ts";

export const SYSTEMS: Readonly<Record<string, Facts & { readonly open: OpenSystem }>> = {
  apium: {
    open: openApium,
    durableAtAccept: "yes",
    setUp: "JetStream + PostgreSQL, validated, results and history kept",
  },
  "apium-postgres": { open: openApiumPostgres, durableAtAccept: "yes", setUp: "PostgreSQL only, the same kept" },
  "apium-embedded": { open: openApiumEmbedded, durableAtAccept: "no fsync", setUp: "PGlite in the process" },
  graphile: { open: openGraphile, durableAtAccept: "yes", setUp: "addJobs of 1000, localQueue 500, no results" },
  bullmq: { open: openBullMq, durableAtAccept: "no (memory)", setUp: "Redis, addBulk of 1000, concurrency 200" },
  "bullmq-postgres": {
    open: openBullMqPostgres,
    durableAtAccept: "yes",
    setUp: "PostgreSQL, addBulk of 1000, concurrency 200",
  },
  "pg-boss": { open: openPgBoss, durableAtAccept: "yes", setUp: "insert of 1000, batches of 500, 4 pollers" },
};
