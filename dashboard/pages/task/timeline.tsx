// A task's life drawn: a bar in which every stretch has its share of the time, and its steps below, each with when it was
// and how long after the one before.
import { useState } from "preact/hooks";
import { moment, plural, relative, span } from "../../core/format.ts";
import { now } from "../../core/now.ts";
import type { Task } from "../../core/shapes.ts";
import { type Tone, toneOf } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { outcomeWord, type Run, type Story, type Stretch, toneOfRun } from "./story.ts";
import { isEnded } from "./use-task.ts";

/** With more attempts the ones in the middle are folded away. */
const MOST_RUNS = 8;
const FIRST_RUNS = 2;
const LAST_RUNS = 4;

export function Timeline({ task, story }: { task: Task; story: Story }) {
  const [isWhole, setWhole] = useState(false);
  const { runs } = story;
  const hidden = isWhole || runs.length <= MOST_RUNS ? [] : runs.slice(FIRST_RUNS, -LAST_RUNS);
  const isDone = isEnded(task);
  const lastRun = runs.at(-1);
  const endsApart = isDone && (lastRun === undefined || lastRun.outcome === "split" || lastRun.until !== story.endedAt);
  return (
    <>
      <Bar stretches={story.stretches} />
      <ol class="steps" aria-label="Steps">
        <Step tone="calm" title="Accepted" at={story.acceptedAt}>
          into {task.queue}, priority {task.priority}
        </Step>
        {runs.map((run, index) =>
          hidden.includes(run) ? (
            run === hidden[0] ? (
              <li key="hidden" class="step-fold">
                <Button small tone="quiet" onClick={() => setWhole(true)}>
                  {plural(hidden.length, "more attempt")}
                </Button>
              </li>
            ) : null
          ) : (
            <RunStep key={run.number} run={run} before={runs[index - 1]} acceptedAt={story.acceptedAt} />
          ),
        )}
        {endsApart && story.endedAt !== undefined ? (
          <Step
            tone={toneOf(task.state)}
            title={endWord(task)}
            at={story.endedAt}
            after={story.endedAt - (lastRun?.until ?? story.acceptedAt)}
          />
        ) : null}
        {isDone || lastRun?.isOpen === true ? null : <Next task={task} story={story} />}
      </ol>
    </>
  );
}

function Bar({ stretches }: { stretches: readonly Stretch[] }) {
  const totalMs = stretches.reduce((sum, { from, until }) => sum + until - from, 0);
  if (stretches.length === 0) return null;
  return (
    <div class="life">
      <div class="life-bar">
        {stretches.map(({ kind, tone, words, from, until, isOpen }) => (
          <i
            key={`${kind}${from}`}
            class={`${kind} ${tone}${isOpen ? " open" : ""}`}
            style={{ flexGrow: Math.max(1, until - from) }}
            title={`${words}: ${span(until - from)}`}
          />
        ))}
      </div>
      <p class="life-legend">
        {legendOf(stretches).map(({ tone, words, ms }) => (
          <span key={words}>
            <i class={`dot ${tone}`} />
            {words} <b>{span(ms)}</b>
          </span>
        ))}
        <span class="life-total">
          in all <b>{span(totalMs)}</b>
        </span>
      </p>
    </div>
  );
}

function legendOf(stretches: readonly Stretch[]): readonly { tone: Tone; words: string; ms: number }[] {
  const words: Readonly<Record<Stretch["kind"], string>> = {
    wait: "waited",
    scheduled: "waited for its time",
    between: "between attempts",
    run: "ran",
    children: "its children",
  };
  const kinds = [...new Set(stretches.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const own = stretches.filter((stretch) => stretch.kind === kind);
    return {
      words: words[kind],
      tone: own.at(-1)?.tone ?? "calm",
      ms: own.reduce((sum, { from, until }) => sum + until - from, 0),
    };
  });
}

interface RunStepProps {
  readonly run: Run;
  readonly before: Run | undefined;
  readonly acceptedAt: number;
}

function RunStep({ run, before, acceptedAt }: RunStepProps) {
  const ms = run.until - run.from;
  const isSame = run.error?.message === before?.error?.message;
  const lasted =
    run.outcome === "split" ? "" : run.isOpen ? `, for ${span(now.value - run.from)}` : ` after ${span(ms)}`;
  return (
    <Step
      tone={toneOfRun(run)}
      title={`Attempt ${run.number} ${outcomeWord(run)}${lasted}`}
      at={run.from}
      after={Math.max(0, run.from - (before?.until ?? acceptedAt))}
      isOpen={run.isOpen}
    >
      {run.error === null ? null : <span class="step-error">{isSame ? "the same error" : run.error.message}</span>}
      {run.worker === null ? null : <a href={`/workers/${run.worker}`}>{run.worker}</a>}
    </Step>
  );
}

function Next({ task: { state }, story }: { task: Task; story: Story }) {
  const { dueAt } = story;
  if (state === "WAITING") return <Step tone="split" title="Waits for its children" isOpen />;
  const waits = state === "QUEUED" ? "Waits for a worker" : "Held back";
  if (dueAt === undefined || state === "QUEUED") return <Step tone="wait" title={waits} isOpen />;
  const title = state === "RETRY" ? `Attempt ${story.runs.length + 1}` : "Due";
  return <Step tone="calm" title={`${title} ${relative(dueAt, now.value)}`} at={dueAt} isOpen />;
}

interface StepProps {
  readonly tone: Tone;
  readonly title: string;
  readonly at?: number;
  /** Since the step before, in milliseconds. */
  readonly after?: number;
  readonly isOpen?: boolean;
  readonly children?: preact.ComponentChildren;
}

function Step({ tone, title, at, after, isOpen = false, children }: StepProps) {
  return (
    <li class={`step ${tone}${isOpen ? " open" : ""}${after === undefined ? "" : " after"}`}>
      {after === undefined ? null : <span class="step-after">{after < 1 ? "at once" : `${span(after)} later`}</span>}
      <div class="step-line">
        <strong>{title}</strong>
        {at === undefined ? null : (
          <time dateTime={new Date(at).toISOString()} title={new Date(at).toISOString()}>
            {moment(new Date(at).toISOString())}
            <small>.{String(at % 1_000).padStart(3, "0")}</small>
          </time>
        )}
      </div>
      {children === undefined ? null : <div class="step-more">{children}</div>}
    </li>
  );
}

function endWord({ state, reason }: Task): string {
  if (state === "SUCCESS") return "All children done";
  if (state === "REVOKED") return reason === "expired" ? "Expired" : "Revoked";
  return "Failed";
}
