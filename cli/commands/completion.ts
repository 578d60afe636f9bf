// `apium completion <shell>`: what the shell offers after a TAB, made from the commands themselves. Nothing is asked of a
// running system: a TAB must not wait.
import { Argument, type Command } from "commander";

const SHELLS = ["bash", "zsh", "fish"] as const;

export function completionCommand(program: Command, write: (text: string) => void): void {
  program
    .command("completion")
    .description("what your shell needs for TAB: source <(apium completion bash)")
    .addArgument(new Argument("<shell>", "which").choices(SHELLS))
    .action((shell: (typeof SHELLS)[number]) =>
      write(shell === "fish" ? fish(program) : bash(program, shell === "zsh")),
    );
}

interface Entry {
  /** Words so far, `""` at the top. */
  readonly after: string;
  readonly words: readonly { readonly word: string; readonly meaning: string }[];
}

/** What may follow each command: its commands, its options. */
function entries(command: Command, after = ""): Entry[] {
  const options = command.options.flatMap(({ long, description }) =>
    long === undefined || long === null ? [] : [{ word: long, meaning: description }],
  );
  const commands = command.commands.map((child) => ({ word: child.name(), meaning: child.description() }));
  const below = command.commands.flatMap((child) => entries(child, `${after} ${child.name()}`.trim()));
  return [{ after, words: [...commands, ...options] }, ...below];
}

function bash(program: Command, isZsh: boolean): string {
  const cases = entries(program)
    .map(({ after, words }) => `    "${after}") words="${words.map(({ word }) => word).join(" ")}" ;;`)
    .join("\n");
  return `${isZsh ? "autoload -U +X bashcompinit && bashcompinit\n" : ""}_apium() {
  local current="\${COMP_WORDS[COMP_CWORD]}" after="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) after="\${after:+$after }$word" ;; esac
  done
  case "$after" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _apium apium
`;
}

function fish(program: Command): string {
  const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = entries(program).flatMap(({ after, words }) => {
    const condition = after === "" ? "__fish_use_subcommand" : `__fish_seen_subcommand_from ${after.split(" ").at(-1)}`;
    return words.map(({ word, meaning }) =>
      word.startsWith("--")
        ? `complete -c apium -f -n ${quoted(condition)} -l ${word.slice(2)} -d ${quoted(meaning)}`
        : `complete -c apium -f -n ${quoted(condition)} -a ${word} -d ${quoted(meaning)}`,
    );
  });
  return `${lines.join("\n")}\n`;
}
