// The command line. Exit codes: 0 done, 1 the system refused, 2 the command was wrong, 3 the system was not there.
import { CommanderError } from "commander";
import { CliError, type Client, connect, EXIT, targetOf } from "./client.ts";
import { apiumProgram } from "./program.ts";

let client: Client | undefined;

/** Does what the words say. Resolves with the exit code. */
export async function commandLine(): Promise<number> {
  const program = apiumProgram({
    client: () => (client ??= connect(targetOf(process.env))),
    write: (text) => void process.stdout.write(text),
    writeError: (text) => void process.stderr.write(text),
  });
  try {
    await program.parseAsync(process.argv);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!(error instanceof CliError)) throw error;
    if (error.message !== "") process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}
