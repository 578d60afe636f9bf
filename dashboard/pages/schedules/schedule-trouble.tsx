// Why a schedule does not fire, or did not: everything that is known about it, what to do besides.
import type { ComponentChildren } from "preact";
import { moment, plural } from "../../core/format.ts";
import { now } from "../../core/now.ts";
import type { Schedule } from "../../core/shapes.ts";
import type { Finding, ScheduleHistory } from "../../core/shapes-system.ts";
import { withReadersTimes } from "../../core/zone.ts";
import type { Tone } from "../../parts/badge.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Prose } from "../../parts/prose.tsx";
import { When } from "../../parts/when.tsx";
import { missWords } from "./miss-words.ts";
import { pathOf } from "./schedule-actions.tsx";
import { hasMissedLately, standingOf } from "./standing.ts";

interface Note {
  readonly tone: Tone;
  readonly what: ComponentChildren;
  readonly todo?: string;
}

export interface TroubleProps {
  readonly schedule: Schedule;
  /** When it was so. */
  readonly at: number | undefined;
  readonly findings: readonly Finding[];
  readonly history: ScheduleHistory | undefined;
}

export function Trouble({ schedule, at = now.value, findings, history }: TroubleProps) {
  const notes = [
    ...ofStanding(schedule, at),
    ...ofFindings(schedule, findings),
    ...ofSlots(schedule, history),
    ...ofCrowds(schedule, findings),
  ];
  if (notes.length === 0) return null;
  return (
    <ul class="notes" aria-label="What is to be known about it">
      {notes.map(({ tone, what, todo }, index) => (
        <li key={index} class={tone}>
          <Icon name={tone === "calm" ? "help" : "alert"} />
          <span>
            {what}
            {todo === undefined ? null : (
              <span class="todo">
                {" "}
                <Prose text={`${todo.charAt(0).toUpperCase()}${todo.slice(1)}.`} />
              </span>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

function ofStanding(schedule: Schedule, at: number): readonly Note[] {
  const { enabled, startAt, updatedAt, updatedBy, problem, oneOff, totalRunCount } = schedule;
  const standing = standingOf(schedule, [], at);
  if (standing.kind === "done") {
    return [{ tone: "calm", what: "It was to fire once, and has.", todo: "give it another time to use it again" }];
  }
  if (problem) {
    return [{ tone: "bad", what: `Its definition cannot be read: ${problem}.`, todo: "edit the field that is named" }];
  }
  if (!enabled) {
    const by = updatedBy === null ? "" : ` by ${updatedBy}`;
    const why =
      oneOff && totalRunCount > 0 ? "it has run once, as it was to" : `changed last${by}, ${moment(updatedAt)}`;
    return [{ tone: "warn", what: `It is switched off, so nothing fires (${why}).`, todo: "switch it on above" }];
  }
  if (startAt !== null && Date.parse(startAt) > now.value) {
    return [{ tone: "calm", what: `Nothing fires before ${moment(startAt)}: that is its start.` }];
  }
  return [];
}

function ofFindings({ name, queue }: Schedule, findings: readonly Finding[]): readonly Note[] {
  return findings
    .filter(({ subject, code, message }) => {
      if (code === "QUEUE_UNATTENDED") return subject === queue || message.split(/[\s,]+/).includes(name);
      // Where its definition cannot be read, that is said already.
      return subject === name && code !== "SCHEDULE_INVALID";
    })
    .map(({ severity, message, suggestion }) => ({
      tone: severity === "error" ? "bad" : "warn",
      what: withReadersTimes(`${message.charAt(0).toUpperCase()}${message.slice(1)}.`),
      todo: suggestion,
    }));
}

/** One note for all the sets of schedules it fires together with. */
function ofCrowds({ name }: Schedule, findings: readonly Finding[]): readonly Note[] {
  const crowds = findings.filter(({ code, subject }) => code === "COLLISION" && subject.split(", ").includes(name));
  const others = new Set(crowds.flatMap(({ subject }) => subject.split(", ")).filter((other) => other !== name));
  if (others.size === 0) return [];
  const links = [...others].map((other, index) => (
    <>
      {index === 0 ? "" : ", "}
      <a href={pathOf(other)}>{other}</a>
    </>
  ));
  return [
    {
      tone: "calm",
      what: <>It often fires in the same minute as {links}.</>,
      ...(crowds[0] === undefined ? {} : { todo: crowds[0].suggestion }),
    },
  ];
}

function ofSlots(schedule: Schedule, history: ScheduleHistory | undefined): readonly Note[] {
  const { waitingSlots, lastTaskId } = schedule;
  const notes: Note[] = [];
  const [latest] = history?.misses ?? [];
  if (latest !== undefined && hasMissedLately(schedule, now.value)) {
    const count = `${latest.isAtLeast ? "At least " : ""}${plural(latest.slots, "slot")}`;
    notes.push({
      tone: "warn",
      what: (
        <>
          {count} did not run, <When at={latest.recordedAt} />: {missWords(latest)}.
        </>
      ),
    });
  }
  if (waitingSlots > 0) {
    notes.push({
      tone: "warn",
      what: (
        <>
          {plural(waitingSlots, "slot waits", "slots wait")} for the end of{" "}
          {lastTaskId === null ? "the last run" : <a href={`/tasks/${lastTaskId}`}>the last run</a>}.
        </>
      ),
    });
  }
  return notes;
}
