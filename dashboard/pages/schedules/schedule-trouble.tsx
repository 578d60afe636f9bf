// Why a schedule does not fire, or did not, as the system explains it; and besides what the doctor warns of.
import type { ComponentChildren } from "preact";
import type { ApiError } from "../../core/api.ts";
import { now } from "../../core/now.ts";
import type { Schedule } from "../../core/shapes.ts";
import type { Finding, ScheduleExplanation } from "../../core/shapes-system.ts";
import { withReadersTimes } from "../../core/zone.ts";
import type { Tone } from "../../parts/badge.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Prose } from "../../parts/prose.tsx";
import { wordsOf } from "../../parts/toast.tsx";
import { isAbout } from "./is-about.ts";
import { pathOf } from "./schedule-actions.tsx";
import { hasMissedLately } from "./standing.ts";

interface Note {
  readonly tone: Tone;
  readonly what: ComponentChildren;
  readonly todo?: string;
}

export interface TroubleProps {
  readonly schedule: Schedule;
  readonly findings: readonly Finding[];
  readonly explained: ScheduleExplanation | undefined;
  /** Why nobody explains it. */
  readonly failure: ApiError | undefined;
}

/** What is not broken, only so. */
const TONES: Readonly<Record<string, Tone>> = {
  DONE: "calm",
  NOT_BEGUN: "calm",
  DISABLED: "warn",
  SLOTS_WAIT: "warn",
  MISSED: "warn",
};

export function Trouble({ schedule, findings, explained, failure }: TroubleProps) {
  const notes: readonly Note[] = [
    ...(failure === undefined
      ? []
      : [{ tone: "warn" as const, what: `Nobody says why it fires or not: ${wordsOf(failure)}` }]),
    ...ofReasons(schedule, explained?.reasons ?? []),
    ...ofWarnings(schedule, findings),
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

function ofReasons(schedule: Schedule, reasons: ScheduleExplanation["reasons"]): readonly Note[] {
  const [latestMiss] = hasMissedLately(schedule, now.value) ? reasons.filter(({ code }) => code === "MISSED") : [];
  const shown = reasons.filter(
    (reason) => reason.code !== "DUE" && (reason.code !== "MISSED" || reason === latestMiss),
  );
  return shown.map(({ code, message, suggestion, detail }) => ({
    tone: TONES[code] ?? "bad",
    what: (
      <>
        {sentence(message)}
        {typeof detail.taskId === "string" ? (
          <>
            {" "}
            <a href={`/tasks/${detail.taskId}`}>Open that run</a>.
          </>
        ) : null}
      </>
    ),
    ...(suggestion === null ? {} : { todo: suggestion }),
  }));
}

function ofWarnings(schedule: Schedule, findings: readonly Finding[]): readonly Note[] {
  return findings
    .filter((finding) => isAbout(schedule, finding) && finding.severity !== "error")
    .map(({ message, suggestion }) => ({ tone: "warn", what: sentence(message), todo: suggestion }));
}

function sentence(text: string): string {
  return withReadersTimes(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
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
