// A task's life as it can be told from its row and its attempts: what happened when, and how long each stretch took. Pure.
import type { Attempt, Task, TaskFailure } from "../../core/shapes.ts";
import type { Tone } from "../../parts/badge.tsx";

/** A stretch of time between two steps. `until` is null while it goes on. */
export interface Stretch {
  readonly kind: "wait" | "scheduled" | "between" | "run" | "children";
  readonly tone: Tone;
  readonly words: string;
  readonly from: number;
  readonly until: number;
  readonly isOpen: boolean;
}

export interface Run {
  /** Counted from 1, as people do: what is handed out anew without having run is none. */
  readonly number: number;
  /** As the system counts it: grows whenever the task is handed out. */
  readonly attempt: number;
  readonly outcome: string;
  readonly from: number;
  readonly until: number;
  readonly isOpen: boolean;
  readonly worker: string | null;
  readonly error: TaskFailure | null;
}

export interface Story {
  readonly acceptedAt: number;
  readonly runs: readonly Run[];
  /** In order, without gaps. */
  readonly stretches: readonly Stretch[];
  /** Undefined until it has ended. */
  readonly endedAt: number | undefined;
  /** When it goes on, where that is known. */
  readonly dueAt: number | undefined;
  /** Until it was first started, or so far; in milliseconds, as all that follow. */
  readonly waitedMs: number;
  /** All attempts together. */
  readonly ranMs: number;
  readonly totalMs: number;
}

const RUN_TONES: Readonly<Record<string, Tone>> = {
  succeeded: "good",
  running: "busy",
  retried: "warn",
  lost: "warn",
  split: "busy",
};

export function storyOf(task: Task, now: number): Story {
  const acceptedAt = Date.parse(task.createdAt);
  const endedAt = at(task.finishedAt);
  const dueAt = at(task.dueAt);
  const runs = runsOf(task, now);
  const stretches = stretchesOf(task, runs, now);
  const [first] = runs;
  const end = endedAt ?? now;
  return {
    acceptedAt,
    runs,
    stretches,
    endedAt,
    dueAt,
    waitedMs: Math.max(0, (first?.from ?? end) - acceptedAt),
    ranMs: runs.reduce((sum, run) => sum + run.until - run.from, 0),
    totalMs: Math.max(0, end - acceptedAt),
  };
}

/** What an attempt came to, in a word. */
export function outcomeWord({ outcome }: Run): string {
  switch (outcome) {
    case "lost":
      return "lost with its worker";
    case "refused":
      return "refused";
    case "split":
      return "started its children";
    case "retried":
      return "failed";
    default:
      return outcome;
  }
}

export function toneOfRun({ outcome }: Run): Tone {
  return RUN_TONES[outcome] ?? "bad";
}

function runsOf(task: Task, now: number): readonly Run[] {
  const kept = (task.attempts ?? []).map(runOf);
  const startedAt = at(task.startedAt);
  const isKept = kept.some(({ from }) => from === startedAt);
  const last = startedAt === undefined || isKept ? undefined : lastRun(task, startedAt, now);
  return [...kept, ...(last === undefined ? [] : [last])].map((run, index) => ({ ...run, number: index + 1 }));
}

function runOf({ attempt, outcome, startedAt, endedAt, worker, error }: Attempt): Run {
  const until = Date.parse(endedAt);
  const word = outcome === "failure" ? "failed" : outcome;
  return { number: 0, attempt, outcome: word, from: at(startedAt) ?? until, until, isOpen: false, worker, error };
}

/** Of an attempt that did not fail nothing is kept but the row. */
function lastRun(task: Task, from: number, now: number): Run {
  const { state, worker, attempt, children = [] } = task;
  const endedAt = at(task.finishedAt);
  // Its handler was done when the children were started; when that was nobody wrote down.
  if (state === "WAITING" || children.length > 0) {
    return { number: 0, attempt, outcome: "split", from, until: from, isOpen: false, worker, error: null };
  }
  const outcome = state === "STARTED" ? "running" : state === "SUCCESS" ? "succeeded" : state.toLowerCase();
  return {
    number: 0,
    attempt,
    outcome,
    from,
    until: endedAt ?? now,
    isOpen: endedAt === undefined,
    worker,
    error: null,
  };
}

function stretchesOf(task: Task, runs: readonly Run[], now: number): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let from = Date.parse(task.createdAt);
  const endedAt = at(task.finishedAt);
  for (const [index, run] of runs.entries()) {
    if (run.from > from) {
      const isFirst = index === 0;
      const words = isFirst ? "waited" : "until the next attempt";
      stretches.push({
        ...closed(from, run.from),
        kind: isFirst ? "wait" : "between",
        tone: isFirst ? "wait" : "calm",
        words,
      });
    }
    const words = `attempt ${run.number} ${outcomeWord(run)}`;
    if (run.outcome !== "split") stretches.push({ ...run, kind: "run", tone: toneOfRun(run), words });
    from = run.until;
  }
  const until = endedAt ?? now;
  const isOpen = endedAt === undefined;
  if (runs.at(-1)?.isOpen === true || until <= from) return stretches;
  const isSplit = runs.at(-1)?.outcome === "split";
  const last = isSplit
    ? ({ kind: "children", tone: "split", words: "its children" } as const)
    : ({ ...restOf(task), tone: task.state === "QUEUED" ? "wait" : "calm" } as const);
  return [...stretches, { ...last, from, until, isOpen }];
}

function restOf({ state }: Task): Pick<Stretch, "kind" | "words"> {
  if (state === "RETRY") return { kind: "between", words: "until the next attempt" };
  if (state === "SCHEDULED") return { kind: "scheduled", words: "until it is due" };
  return { kind: "wait", words: state === "QUEUED" ? "waits" : "waited" };
}

function closed(from: number, until: number) {
  return { from, until, isOpen: false };
}

function at(instant: string | null | undefined): number | undefined {
  return instant === null || instant === undefined ? undefined : Date.parse(instant);
}
