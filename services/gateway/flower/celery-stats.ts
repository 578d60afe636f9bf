// What a worker says of itself, under the keys of `celery inspect stats` (celery/worker/worker.py, `WorkController.stats`;
// the pool's are those of celery/concurrency). Pure. Null is what has no counterpart here, such as a logical clock; `N/A` is
// Celery's own word for what a pool does not have.

/** Of our answer to `inspect stats`. A worker of an older version says nothing of its usage. */
export interface OurStats {
  readonly pool: { readonly busy: number; readonly size: number };
  readonly parked: number;
  readonly tasks: Readonly<Record<string, { readonly done: number; readonly failed: number }>>;
  readonly uptimeS: number;
  readonly autoscale: { readonly min: number; readonly max: number } | null;
  readonly usage?: OurUsage;
}

interface OurUsage {
  readonly userCpuMs: number;
  readonly systemCpuMs: number;
  readonly maxRssBytes: number;
  readonly minorPageFaults: number;
  readonly majorPageFaults: number;
  readonly fsReads: number;
  readonly fsWrites: number;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
}

export interface StatsFacts {
  readonly stats: OurStats;
  readonly pid: number;
  /** Names of what runs now. */
  readonly running: readonly string[];
  /** The worker's settings; passwords in addresses are hidden already. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export function celeryStats({ stats, pid, running, settings }: StatsFacts): object {
  const { pool, parked, autoscale } = stats;
  return {
    total: totalOf(stats, running),
    pid,
    clock: null,
    uptime: stats.uptimeS,
    pool: {
      implementation: "apium",
      "max-concurrency": pool.size,
      processes: [pid],
      "max-tasks-per-child": "N/A",
      // A worker takes no more than it has slots for.
      "put-guarded-by-semaphore": true,
      // Limits are those of each task type.
      timeouts: [0, 0],
      writes: "N/A",
    },
    broker: brokerOf(settings),
    prefetch_count: pool.size,
    rusage: stats.usage === undefined ? "N/A" : rusageOf(stats.usage),
    ...(autoscale === null ? {} : { autoscaler: { ...autoscale, current: pool.size, qty: pool.busy + parked } }),
  };
}

/** Celery counts a task when a worker begins it: those that have ended, and those that run. */
function totalOf({ tasks }: OurStats, running: readonly string[]): Readonly<Record<string, number>> {
  const totals = new Map(Object.entries(tasks).map(([name, { done, failed }]) => [name, done + failed]));
  for (const name of running) totals.set(name, (totals.get(name) ?? 0) + 1);
  return Object.fromEntries(totals);
}

/** Where its tasks come from: the first address of the bus, or else the database. */
function brokerOf({ NATS_URL, DATABASE_URL }: StatsFacts["settings"]): object {
  const address = [NATS_URL, DATABASE_URL].find((one) => typeof one === "string") ?? "pglite:";
  const [, transport = "", hostname, port, path] =
    /^\s*([\w+.-]+):(?:\/\/(?:.*@)?([^:/?#,]+)(?::(\d+))?(?:\/([^?#,]*))?)?/.exec(String(address)) ?? [];
  return {
    hostname: hostname ?? null,
    port: port === undefined ? null : Number(port),
    transport,
    ssl: transport === "tls",
    virtual_host: path ?? null,
    userid: null,
    login_method: null,
    connect_timeout: null,
    heartbeat: null,
    insist: false,
    uri_prefix: null,
    transport_options: {},
    failover_strategy: null,
    alternates: [],
  };
}

/** As getrusage(2): seconds, and kilobytes. What Linux does not count it reports as 0. */
function rusageOf(usage: OurUsage): Readonly<Record<string, number>> {
  return {
    utime: usage.userCpuMs / 1_000,
    stime: usage.systemCpuMs / 1_000,
    maxrss: Math.round(usage.maxRssBytes / 1_024),
    ...{ ixrss: 0, idrss: 0, isrss: 0 },
    minflt: usage.minorPageFaults,
    majflt: usage.majorPageFaults,
    nswap: 0,
    inblock: usage.fsReads,
    oublock: usage.fsWrites,
    ...{ msgsnd: 0, msgrcv: 0, nsignals: 0 },
    nvcsw: usage.voluntarySwitches,
    nivcsw: usage.involuntarySwitches,
  };
}
