// What Moleculer's REPL does not do by itself: one command after the other, also when lines come faster than they are
// answered (a script on standard input), an end that waits for the last one, help and TAB for our commands.
import type { REPLServer } from "node:repl";
import type { Command } from "commander";
import type { ServiceBroker } from "moleculer";
import { helpWords } from "./repl-commands.ts";
import type { ReplCompletion } from "./repl-completion.ts";

type Evaluate = (line: string, context: object, file: string, done: (error: Error | null) => void) => unknown;
type Answer = (error: Error | null, found?: readonly [readonly string[], string]) => void;

/** The parts of a REPL that are replaced; its typings call some of them read-only. */
interface Server extends Pick<REPLServer, "on" | "removeAllListeners"> {
  eval: Evaluate;
  completer: (line: string, answer: Answer) => void;
}

export interface SessionParts {
  readonly broker: ServiceBroker;
  readonly program: Command;
  readonly completion: ReplCompletion;
  readonly run: (words: readonly string[]) => Promise<void>;
}

export function prepareSession(started: REPLServer, { broker, program, completion, run }: SessionParts): void {
  const server = started as unknown as Server;
  const theirs = { eval: server.eval, completer: server.completer };
  let last: Promise<void> = Promise.resolve();

  server.eval = (line, context, file, done) => {
    last = last
      .then(async () => {
        const help = helpWords(program, line);
        if (help !== undefined) return run(help);
        await new Promise<void>((resolve) => void theirs.eval.call(server, line, context, file, () => resolve()));
      })
      .then(
        () => done(null),
        (error: unknown) => {
          console.error(error);
          done(null);
        },
      );
  };

  server.completer = (line, answer) => {
    completion.complete(line).then(
      (found) => {
        if (found === undefined) theirs.completer.call(server, line, answer);
        else answer(null, found);
      },
      () => answer(null, [[], line]),
    );
  };

  // Its own would leave with a command half way.
  server.removeAllListeners("exit");
  server.on("exit", () => {
    last.then(() => broker.stop()).finally(() => process.exit(0));
  });
}
