// How a task stands, in one line that can be read half asleep: what it is doing or what became of it, and why; below it what
// stands in its way, or how far it is.
import { moment, percent, plural, relative, span } from "../../core/format.ts";
import { now } from "../../core/now.ts";
import type { Task } from "../../core/shapes.ts";
import type { Query } from "../../core/use-query.ts";
import { type Tone, toneOf } from "../../parts/badge.tsx";
import { Banner } from "../../parts/banner.tsx";
import type { IconName } from "../../parts/icon.tsx";
import { BLOCKING, type Explanation, Reasons } from "./reasons.tsx";
import type { Story } from "./story.ts";

export interface VerdictProps {
  readonly task: Task;
  readonly story: Story;
  readonly explained: Query<Explanation>;
  readonly retriedAs: string | null | undefined;
  readonly onChanged: () => unknown;
}

const ICONS: Readonly<Record<Tone, IconName>> = {
  good: "check",
  bad: "alert",
  warn: "retry",
  busy: "activity",
  wait: "queues",
  split: "tasks",
  gone: "ban",
  calm: "clock",
};

export function Verdict({ task, story, explained, retriedAs, onChanged }: VerdictProps) {
  const reasons = explained.data?.reasons ?? [];
  const isBlocked = reasons.some(({ code }) => BLOCKING.has(code));
  const isParked = task.state === "STARTED" && reasons.some(({ code }) => code === "CONCURRENCY_FULL");
  const tone = isBlocked ? "warn" : toneOf(task.state);
  return (
    <Banner
      tone={tone}
      icon={isBlocked ? "pause" : task.state === "REVOKED" ? "ban" : ICONS[tone]}
      title={isParked ? "Claimed; waits for a place of its kind" : headline(task, story, isBlocked)}
    >
      <Why task={task} explained={explained.data} retriedAs={retriedAs} />
      {task.state === "STARTED" && task.progress !== null ? <Progress {...task.progress} /> : null}
      {(NOT_RUNNING.has(task.state) || isParked) && explained.data !== undefined ? (
        <Reasons explained={explained.data} onChanged={onChanged} />
      ) : null}
    </Banner>
  );
}

const NOT_RUNNING = new Set(["SCHEDULED", "QUEUED", "RETRY"]);

function headline(task: Task, story: Story, isBlocked: boolean): string {
  const { runs, endedAt, dueAt } = story;
  const ago = endedAt === undefined ? "" : `, ${relative(endedAt, now.value)}`;
  const tries = runs.length > 1 ? ` after ${plural(runs.length, "attempt")}` : "";
  switch (task.state) {
    case "SUCCESS":
      return runs.at(-1)?.outcome === "split"
        ? `Done with its children after ${span(story.totalMs)}${ago}`
        : `Done in ${span(lastRunMs(story))}${runs.length > 1 ? `, at the ${ordinal(runs.length)} attempt` : ""}${ago}`;
    case "FAILURE":
      return `Failed${tries === "" ? " for good" : tries}${ago}`;
    case "REVOKED":
      return task.reason === "expired" ? `Expired: nobody started it in time${ago}` : `Revoked${tries}${ago}`;
    case "STARTED":
      return `Running for ${span(now.value - Date.parse(task.startedAt ?? task.createdAt))}`;
    case "WAITING":
      return `Waits for its children for ${span(now.value - story.acceptedAt)}`;
    case "RETRY":
      return `Failed ${plural(runs.length, "time")}; tried again ${dueAt === undefined ? "soon" : relative(dueAt, now.value)}`;
    case "SCHEDULED":
      return isBlocked ? "Held back" : dueAt === undefined ? "Held" : `Due ${relative(dueAt, now.value)}`;
    default:
      return isBlocked ? "Stuck in its queue" : `Waits in its queue for ${span(now.value - waitingSince(story))}`;
  }
}

function lastRunMs({ runs }: Story): number {
  const last = runs.at(-1);
  return last === undefined ? 0 : last.until - last.from;
}

function waitingSince({ runs, acceptedAt }: Story): number {
  return runs.at(-1)?.until ?? acceptedAt;
}

function ordinal(count: number): string {
  const endings: Readonly<Record<number, string>> = { 1: "st", 2: "nd", 3: "rd" };
  const isTeen = count % 100 > 10 && count % 100 < 14;
  return `${count}${isTeen ? "th" : (endings[count % 10] ?? "th")}`;
}

interface WhyProps extends Pick<VerdictProps, "task" | "retriedAs"> {
  readonly explained: Explanation | undefined;
}

function Why({ task, explained, retriedAs }: WhyProps) {
  const error = task.error ?? (task.state === "RETRY" ? task.attempts?.at(-1)?.error : undefined);
  const letter = explained?.reasons.find(({ detail }) => typeof detail.deadLetter === "string")?.detail.deadLetter;
  return (
    <>
      {error === null || error === undefined ? null : (
        <p class="verdict-why">
          {error.message}
          {error.cause === undefined ? "" : `: ${error.cause.message}`}
        </p>
      )}
      <p class="verdict-more">
        {task.state === "STARTED" && task.worker !== null ? (
          <span>
            on the worker <a href={`/workers/${task.worker}`}>{task.worker}</a>
          </span>
        ) : null}
        {task.finishedAt === null ? null : <span>{moment(task.finishedAt)}</span>}
        {letter === undefined ? null : <a href={`/dead-letters/${String(letter)}`}>Open its dead letter</a>}
        {retriedAs ? <a href={`/tasks/${retriedAs}`}>It was run again: open that task</a> : null}
      </p>
    </>
  );
}

function Progress({ fraction, message }: { fraction: number; message: string | null }) {
  const done = Math.round(fraction * 1_000) / 1_000;
  return (
    <div class="progress">
      <div class="meter" role="progressbar" aria-label="Progress" aria-valuenow={Math.round(fraction * 100)}>
        <i style={{ width: `${fraction * 100}%` }} />
      </div>
      <span>
        <b>{percent(done)}</b> {message ?? ""}
      </span>
    </div>
  );
}
