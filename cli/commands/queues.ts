// `apium queues …` and `apium workers`: what waits where, and who works.
import type { Command } from "commander";
import type { Answer, Client } from "../client.ts";
import { confirm } from "../confirmed.ts";
import { dim, good, type Output, odd, table, when } from "../output.ts";

export function queueCommands(program: Command, client: () => Client, output: Output): void {
  const queues = program.command("queues").description("queues: what waits, pause, resume, purge");

  queues
    .command("list", { isDefault: true })
    .description("what waits in each, and for how long")
    .action(async () =>
      output.show(await client().get("/queues"), ({ items }) =>
        [
          table(
            ["QUEUE", "QUEUED", "OLDEST", "LATER", "RUNNING", "HIGH/NORMAL/LOW", ""],
            items.map((queue: Answer) => [
              queue.name,
              queue.queued,
              queue.oldestMs === null ? null : span(queue.oldestMs),
              queue.scheduled,
              queue.started,
              [queue.lanes.high, queue.lanes.normal, queue.lanes.low].join("/"),
              queue.pausedAt === null ? "" : odd(`paused by ${queue.pausedBy} ${when(queue.pausedAt)}`),
            ]),
          ),
          ...ofOldCounts(items),
        ].join("\n"),
      ),
    );
  for (const [verb, words] of [
    ["pause", "workers take nothing more from it; what runs goes on"],
    ["resume", "workers take from it again"],
  ] as const) {
    queues
      .command(`${verb} <queue>`)
      .description(words)
      .action(async (queue: string) => {
        const answer = await client().send("POST", `/queues/${encodeURIComponent(queue)}/${verb}`);
        output.show(answer, () => `${queue} is ${verb === "pause" ? odd("paused") : good("working")}`);
      });
  }
  queues
    .command("purge <queue>")
    .description("revoke what waits in it; --yes says that you mean it")
    .option("--older-than <duration>", "only what was accepted longer ago: 1h")
    .option("--dry-run", "only count them")
    .option("--yes", "do it")
    .action(async (queue: string, { olderThan, dryRun, yes }) => {
      const { items } = await client().get("/queues");
      const found = items.find(({ name }: Answer) => name === queue);
      const count = found === undefined || olderThan !== undefined ? "what waits" : `${found.queued} tasks`;
      confirm({ yes, dryRun }, `revokes ${count} in ${queue}`);
      const answer = await client().send("POST", `/queues/${encodeURIComponent(queue)}/purge`, { olderThan, dryRun });
      output.show(answer, ({ matched, purged }) =>
        dryRun === true ? `${matched} tasks found; ${odd("nothing was done")}` : `${purged} tasks revoked`,
      );
    });

  program
    .command("workers")
    .description("workers: where, since when, what they take")
    .action(async () =>
      output.show(await client().get("/workers"), ({ items }) =>
        table(
          ["WORKER", "HOST", "STATE", "SLOTS", "SINCE", "SEEN", "QUEUES"],
          items.map((worker: Answer) => [
            worker.id,
            `${worker.host}:${worker.pid}`,
            worker.state,
            worker.concurrency,
            when(worker.startedAt),
            when(worker.heartbeatAt),
            worker.queues.join(" "),
          ]),
        ),
      ),
    );
}

const NEW_MS = 2_000;

/** In a long queue counts are kept for a while; a pause is shown at once. Who compares the two should know. */
function ofOldCounts([queue]: readonly Answer[]): string[] {
  const isOld = queue !== undefined && Date.now() - Date.parse(queue.countedAt) > NEW_MS;
  return isOld ? [dim(`counted ${when(queue.countedAt)}`)] : [];
}

function span(ms: number): string {
  const [unit, size] = ms < 60_000 ? ["s", 1_000] : ms < 3_600_000 ? ["min", 60_000] : ["h", 3_600_000];
  return `${Math.round(ms / Number(size))} ${unit}`;
}
