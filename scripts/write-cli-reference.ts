// docs/reference/cli.md, from the commands themselves.
import type { Argument, Command, Option } from "commander";
import { EXIT } from "../cli/client.ts";
import { apiumProgram } from "../cli/program.ts";
import { code, page, table } from "./references/markdown.ts";

const INTRODUCTION = `\`npm run apium -- <command>\` in a clone. It asks a running system over HTTP ([which and as whom](settings.md#the-command-line)),
so it does the same to one process and to many. Every command takes \`--json\`, wherever it stands, and \`--help\`. Exit codes:
${EXIT.ok} done, ${EXIT.refused} refused, ${EXIT.usage} mistyped, ${EXIT.unreachable} not reachable.

Shorter, and with TAB: \`apium() { npm run -s apium -- "$@"; }; source <(apium completion bash)\`. \`npm run repl\` is Moleculer's REPL with
the same commands (\`cache\` is \`caches\` there).`;

export function cliReference(): string {
  const program = apiumProgram({
    client: () => {
      throw new Error("nothing is asked");
    },
    write: () => {},
    writeError: () => {},
  });
  return page("Command line", "the commands of `cli/`", [
    INTRODUCTION,
    ...program.commands.flatMap((command) => [
      `## ${command.name()}`,
      ...(command.commands.length === 0 ? [] : [sentence(command.description())]),
      commandTable(command),
    ]),
  ]);
}

function commandTable(command: Command): string {
  return table(
    ["command", "what", "arguments and options"],
    leavesOf(command).map((leaf) => [namesOf(leaf), shown(leaf.description()), detailsOf(leaf)]),
  );
}

/** What can be run: a command without commands below it. */
function leavesOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

function namesOf(command: Command): string {
  const words = command.registeredArguments.map(argumentText);
  const name = code(["apium", ...pathOf(command), ...words].join(" "));
  const parent = command.parent as (Command & { readonly _defaultCommandName?: string | null }) | null;
  const others = [
    ...command.aliases().map((alias) => code(alias)),
    ...(parent?._defaultCommandName === command.name() ? [code(["apium", ...pathOf(parent), ...words].join(" "))] : []),
  ];
  return others.length === 0 ? name : `${name}, or ${others.join(", ")}`;
}

function pathOf(command: Command): readonly string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()];
}

function argumentText(argument: Argument): string {
  const { required, variadic } = argument;
  const word = `${argument.name()}${variadic ? "…" : ""}`;
  return required ? `<${word}>` : `[${word}]`;
}

function detailsOf(command: Command): string {
  const described = command.registeredArguments.flatMap((argument) => {
    const choices = argument.argChoices === undefined ? "" : `: ${argument.argChoices.join(", ")}`;
    return argument.description === "" && choices === ""
      ? []
      : [`${code(argumentText(argument))} ${shown(argument.description)}${choices}`];
  });
  const options = command.options.filter(({ long }) => long !== "--json").map(optionText);
  return [...described, ...options].join("<br>");
}

function optionText({ flags, description, argChoices, mandatory, defaultValue }: Option): string {
  const choices = argChoices === undefined ? "" : `: ${argChoices.join(", ")}`;
  const isShown = defaultValue !== undefined && typeof defaultValue !== "object";
  return [
    `${code(flags)} ${shown(description)}${choices}`,
    ...(mandatory ? ["required"] : []),
    ...(isShown ? [`default ${String(defaultValue)}`] : []),
  ].join("; ");
}

function sentence(text: string): string {
  return shown(`${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`);
}

/** Markdown would take `<task>` for HTML. */
function shown(text: string): string {
  return text.replaceAll("<", "&lt;");
}
