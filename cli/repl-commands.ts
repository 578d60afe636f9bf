// The command line's commands as the REPL has them: the same program, under the same words; a few go by another name where
// Moleculer's REPL has its own by that name. What would take the screen or never end is held to one look.
import { type Command, CommanderError } from "commander";
import { CliError } from "./client.ts";

/** `cache` there is about the brokers' cachers, `events` lists who listens to what. */
const OTHER_NAMES: Readonly<Record<string, string>> = { cache: "caches", events: "task-events" };
/** Added to what was typed: the screen is the REPL's, and nothing must keep its prompt for ever. */
const HELD_TO: Readonly<Record<string, readonly string[]>> = { top: ["--once"] };

/** The word that stands for a command of ours in the REPL. */
export function replName(command: string): string {
  return OTHER_NAMES[command] ?? command;
}

/** Ours for a word typed in the REPL; `undefined` when it is none of ours. */
export function commandNamed(program: Command, word: string): Command | undefined {
  return program.commands.find((command) => replName(command.name()) === word);
}

interface ReplCommand {
  readonly parent: { readonly rawArgs: readonly string[] };
  params: unknown;
}

/** As Moleculer's REPL takes them: each top command, its words handed on as they were typed. */
export function replCommands(program: Command, run: (words: readonly string[]) => Promise<void>): object[] {
  return program.commands.map((command) => ({
    command: replName(command.name()),
    description: command.description(),
    allowUnknownOptions: true,
    parse(typed: ReplCommand) {
      typed.params = [command.name(), ...typed.parent.rawArgs.slice(3), ...(HELD_TO[command.name()] ?? [])];
    },
    action: (_broker: unknown, words: readonly string[]) => run(words),
  }));
}

/** Runs words through the program; what is refused is said, and the REPL goes on. */
export function runner(program: Command, say: (text: string) => void): (words: readonly string[]) => Promise<void> {
  return async (words) => {
    try {
      await program.parseAsync([...words], { from: "user" });
    } catch (error) {
      if (error instanceof CommanderError) return;
      if (!(error instanceof CliError)) throw error;
      if (error.message !== "") say(error.message);
    }
  };
}

/**
 * `schedules --help` and `help schedules` as words for our program: Moleculer's REPL would answer them with what little it
 * knows of our commands. `undefined` for any other line.
 */
export function helpWords(program: Command, line: string): readonly string[] | undefined {
  const words = line.trim().split(/\s+/);
  const asks = words[0] === "help" ? words.slice(1) : words.filter((word) => word !== "--help" && word !== "-h");
  const command = commandNamed(program, asks[0] ?? "");
  if (command === undefined || asks.length === (words[0] === "help" ? 0 : words.length)) return undefined;
  return [command.name(), ...asks.slice(1).filter((word) => !word.startsWith("-")), "--help"];
}
