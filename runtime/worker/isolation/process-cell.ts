// One isolated process as the worker sees it: started, given one run after the other, ended. Its output goes to the
// worker's log. A cell is alive until it was killed or has gone; whoever holds it decides what that means for a run.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Clock, sleep } from "../../contract/clock.ts";
import { ApiumError, messageOf } from "../../contract/errors.ts";
import type { Log } from "../../contract/log.ts";
import type { Outcome, SentCall, Tell } from "./cells.ts";
import { cellEnvironment, processArguments } from "./environment.ts";
import type { Cell } from "./idle-cells.ts";
import type { AbortReason } from "./isolation.ts";
import { type Death, processDeath } from "./last-words.ts";
import type { FromProcess, ToProcess } from "./process-messages.ts";

const ENTRY = fileURLToPath(new URL("./process-entry.ts", import.meta.url));
const WORDS_LENGTH = 8_000;
/** A handler's own child may hold the output open after its process has gone. */
const OUTPUT_WAIT_MS = 250;
const RETIRE_WAIT_MS = 1_000;

export class ProcessCell implements Cell {
  readonly memoryLimitMb: number | undefined;
  readonly gone: Promise<Death>;
  readonly bornAt: number;
  runs = 0;
  heldMb = 0;
  #alive = true;
  #words = "";
  /** Of the latest run; a process outlives many, so no promise of its own collects theirs. */
  #hear: (message: FromProcess | null) => void = () => {};
  #die: (death: Death) => void = () => {};
  readonly #child: ChildProcess;
  readonly #clock: Clock;

  constructor(memoryLimitMb: number | undefined, clock: Clock, log: Log) {
    this.memoryLimitMb = memoryLimitMb;
    this.#clock = clock;
    this.bornAt = clock.monotonic();
    this.#child = fork(ENTRY, memoryLimitMb === undefined ? [] : [String(memoryLimitMb)], {
      env: cellEnvironment(),
      execArgv: processArguments(memoryLimitMb),
      serialization: "advanced",
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child.on("message", (message) => this.#hear(message as FromProcess | null));
    this.#listen(log);
    this.gone = this.#untilGone();
    void this.gone.then((death) => this.#die(death));
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  /** @throws ApiumError `PARAMS_INVALID`, or what the process died of. */
  run(call: SentCall, tell: Tell): Promise<Outcome> {
    const run = ++this.runs;
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    this.#words = "";
    this.#hear = (message) => {
      if (message?.run !== run) return;
      if (message.kind === "report") return tell(message.report);
      this.heldMb = message.ending.heldMb;
      resolve(message.ending.outcome);
    };
    this.#die = (death) => reject(processDeath(call.task.id, death));
    try {
      this.#send({ kind: "run", run, call });
    } catch (error) {
      reject(error);
    }
    return promise;
  }

  abort(reason: AbortReason): void {
    this.#send({ kind: "abort", run: this.runs, reason });
  }

  async kill(): Promise<void> {
    this.#alive = false;
    this.#child.kill("SIGKILL");
    await this.gone;
  }

  /** Lets an idle process end in its own way, but not for long. */
  async retire(): Promise<void> {
    this.#alive = false;
    if (this.#child.connected) this.#child.disconnect();
    const over = new AbortController();
    await Promise.race([this.gone, sleep(this.#clock, RETIRE_WAIT_MS, over.signal)]);
    over.abort();
    await this.kill();
  }

  #send(message: ToProcess): void {
    if (!this.#child.connected) return; // It is about to be gone.
    try {
      this.#child.send(message, () => {});
    } catch (cause) {
      throw new ApiumError("PARAMS_INVALID", `the parameters cannot be sent to a process: ${messageOf(cause)}`, {
        cause,
      });
    }
  }

  #listen(log: Log): void {
    const { stdout, stderr, pid } = this.#child;
    stdout?.setEncoding("utf8").on("data", (text: string) => log.info(`process ${pid}: ${text.trimEnd()}`));
    stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#words = (this.#words + text).slice(-WORDS_LENGTH);
      log.warn(`process ${pid}: ${text.trimEnd()}`);
    });
  }

  /** Waits for the end of its output too, where the reason stands. */
  async #untilGone(): Promise<Death> {
    const { stdout, stderr } = this.#child;
    const silent = Promise.all([stdout, stderr].map((output) => new Promise((done) => output?.once("close", done))));
    const end = await new Promise<Omit<Death, "words">>((resolve) => {
      const die = (code: number | null, signal: NodeJS.Signals | null, error?: Error) => {
        this.#alive = false;
        resolve({ code, signal, error });
      };
      this.#child.once("exit", (code, signal) => die(code, signal));
      this.#child.on("error", (error) => {
        if (this.#child.pid === undefined) die(null, null, error); // Else a message or a signal did not reach it.
      });
    });
    const over = new AbortController();
    await Promise.race([silent, sleep(this.#clock, OUTPUT_WAIT_MS, over.signal)]);
    over.abort();
    return { ...end, words: this.#words };
  }
}
