// The commands, put together once: the command line and the REPL run the same ones.
import { Command } from "commander";
import type { Client } from "./client.ts";
import { accountCommands } from "./commands/accounts.ts";
import { attachmentsCommand } from "./commands/attachments.ts";
import { auditCommand } from "./commands/audit.ts";
import { cacheCommands } from "./commands/cache.ts";
import { completionCommand } from "./commands/completion.ts";
import { controlCommands } from "./commands/control.ts";
import { deadLetterCommands } from "./commands/dead-letters.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { enqueueCommand } from "./commands/enqueue.ts";
import { eventCommands } from "./commands/events.ts";
import { explainCommand } from "./commands/explain.ts";
import { importCommands } from "./commands/import.ts";
import { inspectCommands } from "./commands/inspect.ts";
import { logsCommand } from "./commands/logs.ts";
import { mqttCommand } from "./commands/mqtt.ts";
import { queueCommands } from "./commands/queues.ts";
import { reportCommands } from "./commands/reports.ts";
import { routeCommands } from "./commands/routes.ts";
import { runAgainCommands } from "./commands/run-again.ts";
import { scheduleCommands } from "./commands/schedules.ts";
import { seriesCommand } from "./commands/series.ts";
import { taskCommands } from "./commands/tasks.ts";
import { topCommand } from "./commands/top.ts";
import { outputTo } from "./output.ts";

export interface Surroundings {
  /** Connects on first use, so that `--help` needs no system. */
  readonly client: () => Client;
  /** Standard output. */
  readonly write: (text: string) => void;
  /** Where usage errors go. */
  readonly writeError: (text: string) => void;
}

export function apiumProgram({ client, write, writeError }: Surroundings): Command {
  const program = new Command("apium")
    .description("Looks at and steers a running Apium: APIUM_URL and APIUM_TOKEN say which, and as whom.")
    .option("--json", "print JSON, for machines")
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: writeError })
    .showHelpAfterError("(add --help for what there is)");
  let isJson = false;
  const output = outputTo(write, () => isJson);
  const tasks = taskCommands(program, client, output);
  enqueueCommand(tasks, client, output);
  runAgainCommands(tasks, client, output);
  logsCommand(program, client, output);
  queueCommands(program, client, output);
  auditCommand(program, client, output);
  deadLetterCommands(program, client, output);
  topCommand(program, client, output);
  eventCommands(program, client, write);
  seriesCommand(program, client, output);
  inspectCommands(program, client, output);
  controlCommands(program, client, output);
  explainCommand(program, client, output);
  scheduleCommands(program, client, output);
  cacheCommands(program, client, output);
  doctorCommand(program, client, output);
  routeCommands(program, client, output);
  importCommands(program, client, output);
  reportCommands(program, client, output);
  attachmentsCommand(program, client, output);
  mqttCommand(program, client, output);
  accountCommands(program, client, output);
  completionCommand(program, write);
  settle(program);
  return program.hook("preAction", (_program, acting) => {
    isJson = acting.optsWithGlobals().json === true;
  });
}

/** Sub-commands end as the program does, and take `--json` wherever it stands. */
function settle(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    if (child.commands.length === 0) child.option("--json", "print JSON, for machines");
    settle(child);
  }
}
