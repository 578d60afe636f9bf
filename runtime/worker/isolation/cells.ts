// The inner port: a cell is the thread or process that one run has for itself. `LimitedIsolation` decides who may
// start, the two kinds of cells know how. What goes into a cell and comes out of it is plain data, described here.
import type { LogLine } from "../../contract/log-line.ts";
import type { AbortReason, IsolatedTask } from "./isolation.ts";
import type { PortableError } from "./portable-error.ts";

/** The part of a call that is sent into the cell. */
export interface SentCall {
  readonly module: string;
  readonly params: unknown;
  readonly task: IsolatedTask;
}

/** The handler's own end: the JSON text of what it returned, or what it threw. */
export type Outcome =
  | { readonly ok: true; readonly text: string | undefined }
  | { readonly ok: false; readonly error: PortableError };

/** The last word of a run; `heldMb` is the memory that stays occupied after it. */
export interface Ending {
  readonly outcome: Outcome;
  readonly heldMb: number;
}

/** What a handler says while it runs. */
export type Report =
  | { readonly kind: "progress"; readonly fraction: number; readonly message: string | undefined }
  | { readonly kind: "line"; readonly line: LogLine };

export type Tell = (report: Report) => void;

export interface CellRun {
  /** Rejects when the cell died under the handler, or could not take the call. */
  readonly outcome: Promise<Outcome>;
  /** Resolves when the place may be given to another run: the cell is idle again, or gone. Never rejects. */
  readonly vacated: Promise<void>;
  abort(reason: AbortReason): void;
  /** Ends the cell at once; resolves when it is gone. */
  kill(): Promise<void>;
}

export interface Cells {
  /** Called for at most `max` runs at a time. */
  start(call: SentCall, memoryLimitMb: number | undefined, tell: Tell): CellRun;
  counts(): { readonly idle: number; readonly recycled: number };
  /** Cells of now take no further run: idle ones end at once. Returns how many those were. */
  renew(): Promise<number>;
  /** Ends every cell; called when nothing runs any more. */
  close(): Promise<void>;
}
