// `apium top`: what the system does, once a second, in a terminal. Four requests a look, whatever there is to see.
import type { Command } from "commander";
import type { Answer, Client } from "../client.ts";
import { bad, dim, good, type Output, odd, table, when } from "../output.ts";

const LOOK_EVERY_MS = 1_000;
const MOST_RUNNING = 12;
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const REST_OF_LINE = "\u001b[K";
const REST_OF_SCREEN = "\u001b[J";

interface Look {
  readonly at: number;
  readonly queues: readonly Answer[];
  readonly workers: readonly Answer[];
  readonly schedules: readonly Answer[];
  readonly running: readonly Answer[];
  readonly done: number;
  readonly failed: number;
}

export function topCommand(program: Command, client: () => Client, output: Output): void {
  program
    .command("top")
    .description("what runs, what waits, who works: live; q ends it")
    .option("--once", "one look, without taking the screen")
    .action(async ({ once }) => {
      const first = await look(client());
      if (once === true || !process.stdout.isTTY) return output.show(first, (seen) => frame(seen, undefined));
      await live(client(), first);
    });
}

async function look(client: Client): Promise<Look> {
  const [queues, stats, schedules, running] = await Promise.all([
    client.get("/queues"),
    client.get("/inspect/stats"),
    client.get("/schedules"),
    client.get("/tasks", { state: "STARTED", limit: MOST_RUNNING }),
  ]);
  const workers = stats.items.filter(({ answer }: Answer) => answer !== undefined);
  const sum = (of: string) => workers.reduce((total: number, { answer }: Answer) => total + (answer[of] ?? 0), 0);
  return {
    at: performance.now(),
    ...{ queues: queues.items, workers, schedules: schedules.items, running: running.items },
    ...{ done: sum("done"), failed: sum("failed") },
  };
}

async function live(client: Client, first: Look): Promise<void> {
  let last = first;
  let isOver = false;
  let wake = () => {};
  const end = () => {
    isOver = true;
    wake();
  };
  const onKey = (key: Buffer) => {
    if (["q", "\u0003", "\u001b"].includes(key.toString())) end();
  };
  const draw = (seen: Look, before: Look | undefined) => {
    const lines = frame(seen, before)
      .split("\n")
      .slice(0, process.stdout.rows - 1);
    process.stdout.write(`${HOME}${lines.map((line) => `${line}${REST_OF_LINE}`).join("\n")}${REST_OF_SCREEN}`);
  };
  process.stdin.setRawMode?.(true);
  process.stdin.on("data", onKey).resume();
  process.on("SIGTERM", end);
  process.stdout.write(ENTER);
  try {
    draw(first, undefined);
    while (!isOver) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_EVERY_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (isOver) break;
      const seen = await look(client);
      draw(seen, last);
      last = seen;
    }
  } finally {
    process.stdout.write(LEAVE);
    process.stdin.setRawMode?.(false);
    process.stdin.off("data", onKey).pause();
    process.off("SIGTERM", end);
  }
}

function frame(seen: Look, before: Look | undefined): string {
  const { queues, workers, schedules, running } = seen;
  const waiting = queues.reduce((sum, { queued }) => sum + queued, 0);
  const busy = workers.reduce((sum, { answer }) => sum + answer.pool.busy, 0);
  const slots = workers.reduce((sum, { answer }) => sum + answer.pool.size, 0);
  const seconds = before === undefined ? 1 : (seen.at - before.at) / 1_000;
  const rate = (now: number, then: number | undefined) =>
    before === undefined ? "–" : `${Math.max(0, Math.round((now - (then ?? now)) / seconds))}/s`;
  const overdue = schedules.filter(
    ({ enabled, nextRunAt }) => enabled && nextRunAt && Date.parse(nextRunAt) < Date.now() - 5_000,
  );
  const head = [
    `${good(rate(seen.done, before?.done))} done`,
    `${seen.failed > (before?.failed ?? seen.failed) ? bad(rate(seen.failed, before?.failed)) : rate(seen.failed, before?.failed)} failed`,
    `${waiting} waiting`,
    `${busy} of ${slots} slots busy`,
    overdue.length === 0 ? `${schedules.length} schedules in time` : bad(`${overdue.length} schedules overdue`),
  ].join(dim("  ·  "));
  const parts = [
    head,
    table(
      ["QUEUE", "WAITING", "OLDEST", "LATER", "RUNNING", ""],
      queues.map(({ name, queued, oldestMs, scheduled, started, pausedAt }) => [
        name,
        queued,
        oldestMs === null ? null : `${Math.round(oldestMs / 1_000)} s`,
        scheduled,
        started,
        pausedAt === null ? "" : odd("paused"),
      ]),
    ),
    table(
      ["WORKER", "BUSY", "DONE", "FAILED", "MEMORY", "LOOP P99"],
      workers.map(({ worker, answer }) => [
        worker,
        `${answer.pool.busy}/${answer.pool.size}`,
        answer.done,
        answer.failed,
        `${Math.round(answer.memory.rssBytes / 1_048_576)} MB`,
        `${answer.loopLag.p99Ms.toFixed(1)} ms`,
      ]),
    ),
    table(
      ["RUNNING", "NAME", "QUEUE", "SINCE"],
      running.map(({ id, name, queue, startedAt }) => [id, name, queue, when(startedAt)]),
    ),
  ];
  return parts.join("\n\n");
}
