/** Whether a command line that a document names is one that there is: the commands, their options, nothing too much. */
import { CommanderError } from "commander";
import { CliError } from "../../cli/client.ts";
import { apiumProgram } from "../../cli/program.ts";

/** Thrown by the client: the command was understood, and is about to ask. */
class Understood extends Error {}

/** A mention need not be complete: what is missing is left to the reader. */
const INCOMPLETE = [
  ...["commander.missingArgument", "commander.missingMandatoryOptionValue", "commander.optionMissingArgument"],
  ...["commander.help", "commander.helpDisplayed", "commander.invalidArgument"],
];

/** @returns why there is no such command; `undefined` when there is. */
export async function objectionTo(words: readonly string[]): Promise<string | undefined> {
  let said = "";
  const program = apiumProgram({
    client: () => {
      throw new Understood();
    },
    write: () => {},
    writeError: (text) => {
      said += text;
    },
  });
  try {
    await program.parseAsync([...words], { from: "user" });
    return undefined;
  } catch (error) {
    if (error instanceof Understood || error instanceof CliError) return undefined;
    if (error instanceof CommanderError && INCOMPLETE.includes(error.code)) return undefined;
    if (error instanceof CommanderError) return said.split("\n")[0];
    throw error;
  }
}

/** `schedules add nightly --cron "30 2 * * *"` as words; `<a thing>` is a word, `…` is none. */
export function wordsOf(command: string): readonly string[] {
  const plain = command
    .replace(/\s#.*$/, "")
    .replaceAll(/<[^>]*>/g, "1")
    .replaceAll("…", "");
  return [...plain.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? "",
  );
}
