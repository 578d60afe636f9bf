import type { Log, Runtime } from "../runtime/index.ts";
import type { Settings } from "../settings.ts";

const LOOK_EVERY_MS = 5_000;
const MB = 1024 * 1024;

/** A worker that has done its share, or has grown too large, leaves for its supervisor to start it anew. */
export function recycle(settings: Settings, runtime: Runtime, log: Log, leave: () => void): void {
  const { WORKER_MAX_TASKS: mostTasks, WORKER_MAX_MEMORY: mostMb } = settings;
  if (mostTasks === undefined && mostMb === undefined) return;
  const timer = setInterval(() => {
    const stats = runtime.worker?.stats();
    if (stats === undefined) return;
    const tasks = stats.done + stats.failed;
    const mb = process.memoryUsage.rss() / MB;
    if (tasks < (mostTasks ?? Number.POSITIVE_INFINITY) && mb < (mostMb ?? Number.POSITIVE_INFINITY)) return;
    clearInterval(timer);
    log.info(`recycling this worker after ${tasks} tasks at ${Math.round(mb)} MB`);
    leave();
  }, LOOK_EVERY_MS);
  timer.unref();
}
