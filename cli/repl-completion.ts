// What TAB offers in the REPL: our commands, their commands and options, and where a command takes the name of a task, a
// queue, a schedule, a worker or a cache, the names there are. Names are asked for at the first TAB that needs them and kept
// for a few seconds; a system that does not answer offers none, and the prompt waits no longer than a second.
import type { Command } from "commander";
import type { Client } from "./client.ts";
import { commandNamed } from "./repl-commands.ts";

const KEEP_MS = 5_000;
const WITHIN_MS = 1_000;

type Kind = "task" | "queue" | "schedule" | "worker" | "cache";

/** Options and arguments by their names; an argument may mean another thing in another command. */
const OPTION_KINDS: Readonly<Record<string, Kind>> = {
  "--task": "task",
  "--name": "task",
  "--queue": "queue",
  "--worker": "worker",
  "--cache": "cache",
};
const ARGUMENT_KINDS: Readonly<Record<string, Kind>> = {
  "queues queue": "queue",
  "control queue": "queue",
  "control task": "task",
  "schedules name": "schedule",
  "tasks name": "task",
  "cache cache": "cache",
};

/** As the readline of Node takes it: what fits, and the word it would replace. */
export type Completion = readonly [readonly string[], string];

export class ReplCompletion {
  readonly #program: Command;
  readonly #client: Client;
  readonly #names = new Map<Kind, { readonly names: readonly string[]; readonly until: number }>();

  constructor(program: Command, client: Client) {
    this.#program = program;
    this.#client = client;
  }

  /** `undefined` for a line that begins with no command of ours. */
  async complete(line: string): Promise<Completion | undefined> {
    const words = line.trimStart().split(/\s+/);
    const current = words.pop() ?? "";
    const [top, ...rest] = words;
    const command = top === undefined ? undefined : commandNamed(this.#program, top);
    if (command === undefined) return undefined;
    const { at, free } = descend(command, rest);
    const offered = await this.#offered(command, at, free, rest.at(-1), current);
    const hits = offered.filter((word) => word.startsWith(current));
    return [hits.map((word) => `${word} `), current];
  }

  async #offered(
    top: Command,
    at: Command,
    free: number,
    before: string | undefined,
    current: string,
  ): Promise<readonly string[]> {
    const kind = before === undefined ? undefined : OPTION_KINDS[longOption(at, before)];
    if (kind !== undefined && !current.startsWith("-")) return this.#namesOf(kind);
    if (current.startsWith("-")) return at.options.flatMap(({ long }) => (long ? [long] : []));
    const argument = at.registeredArguments[free];
    const named = argument && ARGUMENT_KINDS[`${top.name()} ${argument.name()}`];
    const commands = free === 0 ? at.commands.map((child) => child.name()) : [];
    return [...commands, ...(named === undefined ? [] : await this.#namesOf(named))];
  }

  async #namesOf(kind: Kind): Promise<readonly string[]> {
    const known = this.#names.get(kind);
    if (known !== undefined && known.until > performance.now()) return known.names;
    const late = new Promise<readonly string[]>((resolve) => setTimeout(resolve, WITHIN_MS, []).unref());
    const names = await Promise.race([this.#ask(kind).catch((): readonly string[] => []), late]);
    this.#names.set(kind, { names, until: performance.now() + KEEP_MS });
    return names;
  }

  async #ask(kind: Kind): Promise<readonly string[]> {
    const { items } = await this.#client.get(
      { task: "/routes", queue: "/queues", schedule: "/schedules", worker: "/workers", cache: "/cache" }[kind],
    );
    const of = { task: "task", queue: "name", schedule: "name", worker: "id", cache: "cache" }[kind];
    return (items as readonly Readonly<Record<string, string>>[]).map((item) => item[of] ?? "");
  }
}

/** As far as the words name commands; `free` words after that are arguments. */
function descend(command: Command, words: readonly string[]): { readonly at: Command; readonly free: number } {
  let at = command;
  let free = 0;
  for (const [index, word] of words.entries()) {
    const isOfOption = word.startsWith("-") || takesValue(at, words[index - 1]);
    if (isOfOption) continue;
    const child =
      free === 0 ? at.commands.find((one) => one.name() === word || one.aliases().includes(word)) : undefined;
    if (child === undefined) free += 1;
    else at = child;
  }
  return { at, free };
}

function takesValue(at: Command, word: string | undefined): boolean {
  if (word === undefined || !word.startsWith("-")) return false;
  return at.options.some((option) => (option.long === word || option.short === word) && !option.isBoolean());
}

function longOption(at: Command, word: string): string {
  return at.options.find(({ long, short }) => long === word || short === word)?.long ?? word;
}
