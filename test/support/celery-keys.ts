/**
 * What scripts written for Flower read: the keys of Celery's answers, as Celery 5 and Flower 2 have them. Written down from
 * their documentation and sources (Flower: /api/workers; Celery: `WorkController.stats`, `Request.info`, `dump_schedule`;
 * kombu: `Connection.info`, `Queue.as_dict`), not from ours.
 */

/** By the path from a worker of GET /api/workers; `[]` is each of a list. */
export const CELERY_KEYS: Readonly<Record<string, readonly string[]>> = {
  "": [...["stats", "active_queues", "registered", "scheduled", "active", "reserved", "revoked", "conf", "timestamp"]],
  stats: ["total", "pid", "clock", "uptime", "pool", "broker", "prefetch_count", "rusage"],
  "stats.pool": [
    ...["implementation", "max-concurrency", "processes", "max-tasks-per-child", "put-guarded-by-semaphore"],
    ...["timeouts", "writes"],
  ],
  "stats.broker": [
    ...["hostname", "userid", "virtual_host", "port", "insist", "ssl", "transport", "connect_timeout"],
    ...["transport_options", "login_method", "uri_prefix", "heartbeat", "failover_strategy", "alternates"],
  ],
  "stats.rusage": [
    ...["utime", "stime", "maxrss", "ixrss", "idrss", "isrss", "minflt", "majflt", "nswap", "inblock", "oublock"],
    ...["msgsnd", "msgrcv", "nsignals", "nvcsw", "nivcsw"],
  ],
  "active_queues.[]": [
    ...["name", "exchange", "routing_key", "queue_arguments", "binding_arguments", "consumer_arguments", "durable"],
    ...["exclusive", "auto_delete", "no_ack", "alias", "bindings", "no_declare", "expires", "message_ttl"],
    ...["max_length", "max_length_bytes", "max_priority"],
  ],
  "active_queues.[].exchange": [
    ...["name", "type", "arguments", "durable", "passive", "auto_delete", "delivery_mode", "no_declare"],
  ],
  ...requestKeys("active.[]"),
  ...requestKeys("reserved.[]"),
  "scheduled.[]": ["eta", "priority", "request"],
  ...requestKeys("scheduled.[].request"),
};

function requestKeys(path: string): Readonly<Record<string, readonly string[]>> {
  return {
    [path]: [
      ...["id", "name", "args", "kwargs", "type", "hostname", "time_start", "acknowledged", "delivery_info"],
      "worker_pid",
    ],
    [`${path}.delivery_info`]: ["exchange", "routing_key", "priority", "redelivered"],
  };
}

/** Paths of keys that Celery's answer has and this one has not. A list that is empty has none to miss. */
export function missingKeys(worker: unknown, below = ""): readonly string[] {
  return Object.entries(CELERY_KEYS)
    .filter(([path]) => path === below || path.startsWith(below === "" ? "" : `${below}.`))
    .flatMap(([path, keys]) =>
      at(worker, path === "" ? [] : path.split(".")).flatMap((one) =>
        keys.filter((key) => !Object.hasOwn(Object(one), key)).map((key) => `${path} ${key}`),
      ),
    );
}

function at(value: unknown, path: readonly string[]): readonly unknown[] {
  const [first, ...rest] = path;
  if (first === undefined) return [value];
  if (first === "[]") return Array.isArray(value) ? value.flatMap((one) => at(one, rest)) : [];
  return at(new Map(Object.entries(Object(value))).get(first), rest);
}
