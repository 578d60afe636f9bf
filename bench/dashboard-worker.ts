/** The worker that `dashboard.ts` watches: a runtime on the bus, as `start.ts` puts one together, with one task that does nothing. */
import { ServiceBroker } from "moleculer";
import { z } from "zod";
import { migrate, openPostgres } from "../database/index.ts";
import { brokerOptions } from "../moleculer.config.ts";
import { defineTask, JetStreamQueue, RUNTIME_MIGRATIONS, Runtime, TASK_EVENTS_SUBJECT } from "../runtime/index.ts";
import { runs, type TaskServiceSchema, TasksMiddleware, taskOperations } from "../runtime/moleculer/index.ts";

export const observed = defineTask({ name: "observed", params: z.object({ sentAt: z.number() }) });

export interface WorkerFigures {
  /** Since it was asked last. */
  readonly done: number;
  /** Of this process, microseconds a task. */
  readonly cpuUs: number;
  /** From before its acceptance to its handler, milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function work(databaseUrl: string, natsUrl: string): Promise<void> {
  const database = openPostgres({ url: databaseUrl });
  await migrate(database, [RUNTIME_MIGRATIONS]);
  const runtime = new Runtime({
    database,
    queues: ["default"],
    concurrency: 200,
    queue: (parts, expect) => new JetStreamQueue({ url: natsUrl, database }, parts, expect),
    onEvents: (batch) => void broker.broadcast(TASK_EVENTS_SUBJECT, batch).catch(() => {}),
  });
  const broker = new ServiceBroker({
    ...brokerOptions({ NATS_URL: natsUrl, LOG_LEVEL: "warn" }),
    middlewares: [TasksMiddleware(runtime)],
  });
  let late: number[] = [];
  const service: TaskServiceSchema = {
    name: "watched",
    tasks: {
      observed: runs(observed, (ctx) => {
        late.push(Date.now() - ctx.params.sentAt);
      }),
    },
  };
  broker.createService(taskOperations(runtime));
  broker.createService(service);
  await runtime.open();
  await broker.start();
  await runtime.work();

  let cpu = process.cpuUsage();
  const figures = (): WorkerFigures => {
    const used = process.cpuUsage(cpu);
    const sorted = late.sort((a, b) => a - b);
    const share = (of: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))] ?? Number.NaN;
    const answer = {
      done: sorted.length,
      cpuUs: (used.user + used.system) / sorted.length,
      p50Ms: share(0.5),
      p99Ms: share(0.99),
    };
    late = [];
    cpu = process.cpuUsage();
    return answer;
  };
  process.on("message", (asked) => {
    if (asked === "figures") return void process.send?.(figures());
    void runtime
      .drain(1_000)
      .then(() => broker.stop())
      .then(() => database.close())
      .then(() => process.exit(0));
  });
  process.send?.("ready");
}

const [, file, databaseUrl, natsUrl] = process.argv;
if (file === import.meta.filename && databaseUrl !== undefined && natsUrl !== undefined)
  await work(databaseUrl, natsUrl);
