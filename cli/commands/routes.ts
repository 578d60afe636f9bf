// `apium routes` and `apium report`: where each task goes and who would run it; and what somebody wants to know who is to
// help. `routes` ends with 1 while a task would wait for nobody.
import type { Command } from "commander";
import { type Answer, CliError, type Client, EXIT } from "../client.ts";
import { bad, dim, facts, good, type Output, odd, table } from "../output.ts";

export function routeCommands(program: Command, client: () => Client, output: Output): void {
  program
    .command("routes")
    .description("where each task goes, who says so, and which workers would run it")
    .action(async () => {
      const answer = await client().get("/routes");
      output.show(answer, routesText);
      const stray = answer.items.filter(({ problem }: Answer) => problem !== null).length;
      if (stray > 0) throw new CliError(EXIT.refused, "UNROUTABLE", bad(`${stray} would be run by nobody`));
    });

  program
    .command("report")
    .description("versions, servers, workers and settings, without secrets: for a bug's description")
    .action(async () => output.show(await client().get("/report"), reportText));
}

function routesText({ items, unusedRoutes }: Answer): string {
  const rows = items.map(({ task, queue, from, workers, problem }: Answer) => [
    task,
    queue,
    from,
    problem === null ? workers.length : bad(problem),
  ]);
  const unused = unusedRoutes.map((glob: string) => `${odd("unused")} TASK_ROUTES ${glob}`);
  return [table(["TASK", "QUEUE", "BY", "WORKERS"], rows), ...unused].join("\n");
}

function reportText({ workers, silent, settings, ...system }: Answer): string {
  const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  const pairs = (of: object) => facts(Object.entries(of).map(([name, value]) => [name, shown(value)] as const));
  return [
    pairs(system),
    ...workers.map(({ worker, answer, error }: Answer) =>
      [`${good("worker")} ${worker}`, error === undefined ? pairs(answer) : bad(error.message)].join("\n"),
    ),
    ...silent.map((worker: string) => `${odd("worker")} ${worker}\n${odd("did not answer")}`),
    `${dim("settings")}\n${pairs(settings)}`,
  ].join("\n\n");
}
