// Why a task is not running, the most telling reason first, each with what mends it.
import { send } from "../../core/api.ts";
import { moment, plural, relative } from "../../core/format.ts";
import { now } from "../../core/now.ts";
import { offers } from "../../core/offers.ts";
import { Button } from "../../parts/button.tsx";
import { Icon, type IconName } from "../../parts/icon.tsx";
import { say } from "../../parts/toast.tsx";

export interface Reason {
  readonly code: string;
  readonly message: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Explanation {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly reasons: readonly Reason[];
}

const ICONS: Readonly<Record<string, IconName>> = {
  QUEUE_PAUSED: "pause",
  TYPE_PAUSED: "pause",
  TENANT_PAUSED: "pause",
  RATE_LIMITED: "clock",
  UNIQUE_KEY_HELD: "key",
  NO_CONSUMER: "workers",
  CONCURRENCY_FULL: "queues",
  AHEAD: "queues",
  SCHEDULED: "clock",
  RETRY_AT: "retry",
};
/** Somebody has to do something before it can go on. */
export const BLOCKING = new Set(["QUEUE_PAUSED", "TYPE_PAUSED", "TENANT_PAUSED", "NO_CONSUMER"]);

export interface ReasonsProps {
  readonly explained: Explanation;
  readonly onChanged: () => unknown;
}

export function Reasons({ explained, onChanged }: ReasonsProps) {
  return (
    <ol class="reasons" aria-label="Why it is not running">
      {explained.reasons.map((reason) => (
        <li key={reason.code} class={BLOCKING.has(reason.code) ? "blocks" : ""}>
          <Icon name={ICONS[reason.code] ?? "help"} />
          <span class="reason-words">{wordsOf(reason)}</span>
          <span class="actions">
            <Mending explained={explained} reason={reason} onChanged={onChanged} />
          </span>
        </li>
      ))}
    </ol>
  );
}

/** As people say it, where the system's own sentence holds instants. */
export function wordsOf({ code, message, detail }: Reason): string {
  const text = (name: string) => (typeof detail[name] === "string" ? detail[name] : undefined);
  const time = (name: string) => whenOf(text(name));
  switch (code) {
    case "QUEUE_PAUSED":
      return `The queue ${text("queue")} is paused${pausedBy(text("at"), text("by"))}.`;
    case "TYPE_PAUSED":
      return `All tasks of the kind ${text("task")} are paused${pausedBy(text("at"), text("by"))}.`;
    case "TENANT_PAUSED":
      return `The tenant ${text("tenant")} is paused${pausedBy(text("at"), text("by"))}.`;
    case "RATE_LIMITED":
      return `Its rate ${text("rateLimit") ? `of ${text("rateLimit")} ` : ""}lets it start ${time("until")}.`;
    case "SCHEDULED":
      return text("at") === undefined ? sentence(message) : `It is due ${time("at")}.`;
    case "RETRY_AT":
      return `It is tried again ${time("at")}.`;
    case "AHEAD":
      return aheadWords(detail);
    default:
      return sentence(message.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, moment));
  }
}

function aheadWords({ tasks, inHigherLanes, slots, lane }: Reason["detail"]): string {
  const { busy, size } = (slots ?? { busy: 0, size: 0 }) as { readonly busy: number; readonly size: number };
  const before = Number(tasks);
  const higher = Number(inHigherLanes) > 0 ? `, ${inHigherLanes} more in higher lanes` : "";
  const first =
    before === 0 && higher === ""
      ? `It is the next of the ${lane} lane`
      : `${plural(before, "task")} of the ${lane} lane ${before === 1 ? "goes" : "go"} before it${higher}`;
  return `${first}. ${busy} of ${plural(size, "slot")} of the workers that can run it ${busy === 1 ? "is" : "are"} busy.`;
}

function whenOf(instant: string | undefined): string {
  if (instant === undefined) return "soon";
  const at = Date.parse(instant);
  return at <= now.value ? "now" : `${relative(at, now.value)}, at ${moment(instant)}`;
}

function pausedBy(at: string | undefined, by: string | undefined): string {
  const since = at === undefined ? "" : ` since ${moment(at)}`;
  return by === undefined ? since : `${since}, by ${by}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}

function Mending({ explained, reason: { code, detail }, onChanged }: ReasonsProps & { readonly reason: Reason }) {
  const { id, queue, name } = explained;
  switch (code) {
    case "QUEUE_PAUSED":
      return (
        <>
          <a href={`/queues/${queue}`}>Open the queue</a>
          <Resume what={`the queue ${queue}`} path={`/queues/${queue}/resume`} onChanged={onChanged} />
        </>
      );
    case "TYPE_PAUSED":
      return <Resume what={name} path="/control/resume" body={{ task: name }} onChanged={onChanged} />;
    case "TENANT_PAUSED": {
      const tenant = String(detail.tenant);
      return <Resume what={tenant} path="/control/resume" body={{ tenant }} onChanged={onChanged} />;
    }
    case "NO_CONSUMER":
      return <a href="/workers">Look at the workers</a>;
    case "UNIQUE_KEY_HELD":
      return <a href={`/tasks/${String(detail.holder)}`}>Open its holder</a>;
    case "AHEAD":
      return <a href={`/tasks?queue=${queue}&state=QUEUED`}>Show what waits</a>;
    case "CONCURRENCY_FULL":
      return <a href={`/tasks?name=${encodeURIComponent(name)}&state=STARTED`}>Show what runs</a>;
    case "SCHEDULED":
    case "RETRY_AT":
      return <RunNow id={id} onChanged={onChanged} />;
    default:
      return null;
  }
}

interface ResumeProps {
  readonly what: string;
  readonly path: string;
  readonly body?: object;
  readonly onChanged: () => unknown;
}

function Resume({ what, path, body, onChanged }: ResumeProps) {
  const resume = async () => {
    await send("POST", path, body);
    say(sentence(`${what} goes on`));
    await onChanged();
  };
  return (
    <Button small needs="operator" icon="play" onClick={resume}>
      Resume
    </Button>
  );
}

function RunNow({ id, onChanged }: { id: string; onChanged: () => unknown }) {
  if (offers("POST /tasks/:id/run-now") !== true) return null;
  const run = async () => {
    await send("POST", `/tasks/${id}/run-now`);
    say("It waits no longer");
    await onChanged();
  };
  return (
    <Button small needs="operator" icon="run" onClick={run}>
      Run now
    </Button>
  );
}
