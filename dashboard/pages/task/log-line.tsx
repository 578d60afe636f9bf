// One line of a task's log: when, how urgent, what; its data folded beside it.
import type { TaskLogLine } from "./use-logs.ts";

const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export interface LogLineProps {
  readonly line: TaskLogLine;
  /** Above the first line of an attempt, where there are several. */
  readonly head: string | undefined;
}

export function LogLine({ line: { at, level, message, data }, head }: LogLineProps) {
  const text = data === null || data === undefined ? "" : JSON.stringify(data);
  return (
    <li class={level}>
      {head === undefined ? null : <span class="log-attempt">{head}</span>}
      <time dateTime={at} title={at}>
        {time.format(new Date(at))}
        <small>.{at.slice(20, 23)}</small>
      </time>
      <b>{level}</b>
      <span class="log-message">
        {message} {text === "" ? null : <code title={text}>{text}</code>}
      </span>
    </li>
  );
}
