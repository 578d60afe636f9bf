// `npm run repl`: Moleculer's REPL with the command line's own commands in it. They go over the running system's HTTP port
// under a token, whether it is one process or many; with NATS_URL the REPL joins the bus too, for `nodes`, `services`,
// `events` and the rest of Moleculer's own commands. It carries no service, and opens no folder of data.
import { CommanderError } from "commander";
import { ServiceBroker } from "moleculer";
import { brokerOptions } from "../moleculer.config.ts";
import { CliError, connect, targetOf } from "./client.ts";
import { apiumProgram } from "./program.ts";

interface ReplCommand {
  readonly parent: { readonly rawArgs: readonly string[] };
  params: unknown;
}

if (process.env.NODE_ENV === "production" && !process.argv.includes("--production")) {
  console.error("NODE_ENV is production: start the REPL with `npm run repl -- --production` if that is what you want.");
  process.exit(2);
}

const client = await reach();
const program = apiumProgram({
  client: () => client,
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
});

/** Each top command of the command line, under its own name; the words are handed on as they were typed. */
const customCommands = program.commands.map((command) => ({
  // Moleculer's own `cache` is about its brokers' cachers.
  command: command.name() === "cache" ? "caches" : command.name(),
  description: command.description(),
  allowUnknownOptions: true,
  parse(typed: ReplCommand) {
    // The screen is the REPL's: a live view would take it.
    const more = command.name() === "top" ? ["--once"] : [];
    typed.params = [command.name(), ...typed.parent.rawArgs.slice(3), ...more];
  },
  async action(_broker: unknown, words: readonly string[]) {
    try {
      await program.parseAsync([...words], { from: "user" });
    } catch (error) {
      if (error instanceof CliError) console.error(error.message);
      else if (!(error instanceof CommanderError)) throw error;
    }
  },
}));

const { NATS_URL } = process.env;
const broker = new ServiceBroker({
  ...brokerOptions({ NATS_URL, LOG_LEVEL: "warn" }),
  nodeID: `repl-${process.pid}`,
  internalServices: false,
  // Its typings have another name for an option than the REPL reads.
  replOptions: { delimiter: "apium $", customCommands: customCommands as never },
});
await broker.start();

console.log(`connected to ${client.target.url}; \`schedules\`, \`doctor\` and others ask it, \`help\` shows all`);
broker.repl();

async function reach() {
  try {
    const found = connect(targetOf(process.env));
    await found.get("/queues");
    return found;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    console.error(error.message);
    process.exit(error.exitCode);
  }
}
