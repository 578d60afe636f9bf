// `npm run repl`: Moleculer's REPL with the command line's own commands in it. They go over the running system's HTTP port
// under a token, whether it is one process or many; with NATS_URL the REPL joins the bus too, for `nodes`, `services`,
// `events` and the rest of Moleculer's own commands, in the token's name. It carries no service, and opens no folder of data.
import type { REPLServer } from "node:repl";
import { ServiceBroker } from "moleculer";
import { brokerOptions } from "../moleculer.config.ts";
import { CliError, type Client, connect, targetOf } from "./client.ts";
import { apiumProgram } from "./program.ts";
import { type Asker, askerOf, InTheNameOf } from "./repl-asker.ts";
import { replCommands, runner } from "./repl-commands.ts";
import { ReplCompletion } from "./repl-completion.ts";
import { prepareSession } from "./repl-session.ts";

if (process.env.NODE_ENV === "production" && !process.argv.includes("--production")) {
  console.error("NODE_ENV is production: start the REPL with `npm run repl -- --production` if that is what you want.");
  process.exit(2);
}

const { NATS_URL } = process.env;
const { client, asker } = await reach();
const program = apiumProgram({
  client: () => client,
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
});
const run = runner(program, (text) => console.error(text));

const options = brokerOptions({ NATS_URL, LOG_LEVEL: "warn" });
const broker = new ServiceBroker({
  ...options,
  middlewares: [...(options.middlewares ?? []), ...(asker === undefined ? [] : [InTheNameOf(asker)])],
  nodeID: `repl-${process.pid}`,
  internalServices: false,
  // Its typings have another name for an option than the REPL reads.
  replOptions: { delimiter: "apium $", customCommands: replCommands(program, run) as never },
});
await broker.start();

console.log(`connected to ${client.target.url}; \`schedules\`, \`doctor\` and others ask it, \`help\` shows all`);
const server = broker.repl() as unknown as REPLServer;
prepareSession(server, { broker, program, run, completion: new ReplCompletion(program, client) });

/** Who asks matters on the bus only: over HTTP the gateway knows. */
async function reach(): Promise<{ client: Client; asker?: Asker }> {
  try {
    const found = connect(targetOf(process.env));
    await found.get("/queues");
    return { client: found, ...(NATS_URL === undefined ? {} : { asker: await askerOf(found) }) };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    console.error(error.message);
    process.exit(error.exitCode);
  }
}
