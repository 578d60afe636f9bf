import type { Clock } from "../../contract/clock.ts";
import type { Log } from "../../contract/log.ts";
export interface IsolatedTask {
  readonly id: string;
  readonly name: string;
  readonly attempt: number;
  readonly retries: number;
  readonly idempotencyKey: string;
  readonly headers: Readonly<Record<string, string>>;
}
export interface IsolatedCall {
  readonly module: string;
  readonly params: unknown;
  readonly task: IsolatedTask;
  readonly memoryLimitMb?: number | undefined;
  readonly onProgress: (fraction: number, message: string | undefined) => void;
}
export interface IsolatedRun {
  readonly result: Promise<unknown>;
  abort(reason: { code: string; message: string }): void;
  terminate(error: Error): Promise<void>;
}
export interface Isolation {
  run(call: IsolatedCall): IsolatedRun;
  stop(): Promise<void>;
}
export interface IsolationOptions {
  readonly max: number;
  readonly clock: Clock;
  readonly log: Log;
}
