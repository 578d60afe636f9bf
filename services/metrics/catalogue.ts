// Every metric of the system as a whole, with its meaning and its labels. Labels are few and bounded: queues, tasks,
// schedules, workers; never an id of a task. Names follow https://prometheus.io/docs/practices/naming/.
import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Seconds. A mail takes tenths of one, a report minutes. */
const RUN_BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600, 3_600];

export function catalogue() {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Gauge<Label>({ name: `apium_${name}`, help, labelNames: [...labelNames], registers });
  return {
    registry,
    queueTasks: gauge("queue_tasks", "Tasks of a queue that are queued, scheduled or started.", ["queue", "state"]),
    laneTasks: gauge("queue_lane_tasks", "Queued tasks of a queue by lane.", ["queue", "lane"]),
    queueOldest: gauge("queue_oldest_seconds", "How long the oldest queued task has waited; 0 where none does.", [
      "queue",
    ]),
    queuePaused: gauge("queue_paused", "1 where workers may take nothing from the queue.", ["queue"]),
    queueWorkers: gauge("queue_workers", "Workers that take from the queue.", ["queue"]),
    deadLetters: gauge("dead_letters_open", "Dead letters that nobody has handled; counted to 10 000."),
    workerUp: gauge("worker_up", "1 for a worker that answers, 0 for one that does not.", ["worker"]),
    workerSlots: gauge("worker_slots", "Slots of a worker: its size, and how many are busy.", ["worker", "kind"]),
    workerMemory: gauge("worker_resident_memory_bytes", "Resident memory of a worker's process.", ["worker"]),
    workerLag: gauge(
      "worker_event_loop_lag_p99_seconds",
      "How late a worker's event loop is, 99th percentile of a minute.",
      ["worker"],
    ),
    workerTasks: gauge("worker_tasks_ended", "Runs that ended in a worker since it began, by task and outcome.", [
      "worker",
      "task",
      "outcome",
    ]),
    scheduleLast: gauge("schedule_last_run_timestamp_seconds", "When a schedule fired last.", ["schedule"]),
    scheduleOverdue: gauge(
      "schedule_overdue_seconds",
      "How long a schedule should have fired and has not; 0 where it is in time.",
      ["schedule"],
    ),
    scheduleMissed: gauge("schedule_missed_slots", "Slots of a schedule that did not run.", ["schedule"]),
    cacheCommands: gauge("cache_commands", "Commands of a cache in the node that answered, by kind.", [
      "cache",
      "kind",
    ]),
    cacheConnected: gauge("cache_connected", "1 where a cache has its store.", ["cache"]),
    outboxDepth: gauge("mqtt_outbox_changes", "Changes that wait to be published."),
    outboxOldest: gauge("mqtt_outbox_oldest_seconds", "How long the oldest of them has waited."),
    deviceMessages: gauge(
      "mqtt_device_messages",
      "Messages of devices in the process that answered, by what became of them.",
      ["outcome"],
    ),
    sourceUp: gauge("metrics_source_up", "1 where a part of the system could be asked for its figures.", ["source"]),
    taskEvents: new Counter({
      name: "apium_task_events_total",
      help: "Events of tasks heard by this process, by kind. Under load some are not told; see the next.",
      labelNames: ["type", "task"],
      registers,
    }),
    eventsDropped: new Counter({
      name: "apium_task_events_dropped_total",
      help: "Events of tasks that were not told because too many came at once.",
      registers,
    }),
    runSeconds: new Histogram({
      name: "apium_task_run_seconds",
      help: "How long runs took that ended, as far as their events were heard.",
      labelNames: ["task"],
      buckets: RUN_BUCKETS,
      registers,
    }),
  };
}

export type Catalogue = ReturnType<typeof catalogue>;
