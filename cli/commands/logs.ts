// `apium logs <task>`: the story of a task, a line each; with --follow to its end. What handlers have said comes from
// anywhere, so nothing in it may steer the terminal.
import { stripVTControlCharacters } from "node:util";
import { type Command, Option } from "commander";
import { CliError, type Client, EXIT } from "../client.ts";
import { bad, dim, type Output, odd } from "../output.ts";
import { type Entry, TaskStory } from "./task-story.ts";
import { coloured } from "./task-words.ts";

const LOOK_EVERY_MS = 500;
const LEVELS = ["debug", "info", "warn", "error"];
const WIDTH = 8;

export function logsCommand(program: Command, client: () => Client, output: Output): void {
  program
    .command("logs <task>")
    .description("what became of a task and what its handlers said, in the order of time; ends with 1 when it failed")
    .option("-f, --follow", "until it has ended")
    .addOption(new Option("--level <level>", "of what was said only this, and what is more urgent").choices(LEVELS))
    .action(async (task: string, { follow, level }) => {
      const story = new TaskStory(client(), task, level);
      let looksAfterItsEnd = 0;
      for (let isFirst = true; ; isFirst = false) {
        const { name, state, entries, end } = await story.look();
        for (const entry of entries) output.line(entry, entryText);
        if (follow !== true || (end !== undefined && (isFirst || looksAfterItsEnd > 0))) {
          if (end !== undefined) output.line(end, entryText);
          if (state !== "FAILURE") return;
          throw new CliError(EXIT.refused, "TASK_FAILED", `${name} has failed`);
        }
        // Its last lines may be on their way: one more look, in a moment.
        if (end !== undefined) looksAfterItsEnd++;
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    });
}

function entryText({ at, kind, level, attempt, text, data }: Entry): string {
  const time = at === null ? "now".padEnd(27) : `${at.slice(0, 10)} ${at.slice(11, 23)} UTC`;
  const which = attempt !== null && attempt > 1 ? dim(`#${attempt} `) : "";
  if (kind !== "log") {
    const what = kind === "ended" ? text.replace(/^\w+/, coloured) : `${kind}: ${oneLine(text)}`;
    return `${dim(time)}  ${dim("·".padEnd(WIDTH))}${which}${what}`;
  }
  const more = data === undefined ? "" : `  ${dim(oneLine(JSON.stringify(data)))}`;
  return `${dim(time)}  ${urgency(level)((level ?? "").padEnd(WIDTH))}${which}${oneLine(text)}${more}`;
}

function urgency(level: string | undefined): (text: string) => string {
  if (level === "error") return bad;
  if (level === "warn") return odd;
  return level === "debug" ? dim : (text) => text;
}

function oneLine(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}+/gu, " ");
}
