// What is wrong, or will be, and what to do about it.
import { plural } from "../../core/format.ts";
import type { Finding, Health } from "../../core/shapes-system.ts";
import { useQuery } from "../../core/use-query.ts";
import { withReadersTimes } from "../../core/zone.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Card, Empty } from "../../parts/card.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Prose } from "../../parts/prose.tsx";

/** What a finding is about; of the others, that have no page of their own, the name alone is said. */
const ROOMS: Readonly<Record<string, "queues" | "tasks" | "letters" | "schedules">> = {
  ...{ QUEUE_UNATTENDED: "queues", QUEUE_PAUSED: "queues", DEAD_LETTERS: "letters" },
  ...{ RETRYING: "tasks", TASK_UNHANDLED: "tasks" },
  ...{ SCHEDULE_INVALID: "schedules", TASK_MISSING: "schedules", PARAMS_UNFIT: "schedules", NEVER_FIRES: "schedules" },
  ...{ EVERY_MINUTE: "schedules", COLLISION: "schedules", OVERDUE: "schedules" },
};
/** Of one kind; more are folded away. */
const FIRST_OF_A_KIND = 3;

export function Doctor() {
  const health = useQuery<Health>("/doctor", { everyMs: 30_000 });
  return (
    <Loaded query={health}>
      {({ findings }) => {
        const errors = findings.filter(({ severity }) => severity === "error").length;
        const warnings = findings.length - errors;
        return (
          <Card
            title={
              <span class="doctor-head">
                {errors === 0 ? (
                  <Badge tone="good">Healthy</Badge>
                ) : (
                  <Badge tone="bad">{plural(errors, "error")}</Badge>
                )}
                {warnings === 0 ? null : <Badge tone="warn">{plural(warnings, "warning")}</Badge>}
              </span>
            }
            actions={
              <Button small icon="refresh" onClick={health.reload}>
                Look again
              </Button>
            }
          >
            {findings.length === 0 ? (
              <Empty title="Nothing is wrong">
                Looked at were the schedules, their tasks and parameters, their queues and who works them, the
                processes, the database, and the servers that services need.
              </Empty>
            ) : (
              [...Map.groupBy(findings, ({ code }) => code)].map(([code, ofKind]) => (
                <Kind key={code} findings={ofKind} />
              ))
            )}
          </Card>
        );
      }}
    </Loaded>
  );
}

function Kind({ findings }: { findings: readonly Finding[] }) {
  const more = findings.slice(FIRST_OF_A_KIND);
  return (
    <>
      <Findings of={findings.slice(0, FIRST_OF_A_KIND)} />
      {more.length === 0 ? null : (
        <details class="doctor-more">
          <summary>{more.length} more of this kind</summary>
          <Findings of={more} />
        </details>
      )}
    </>
  );
}

function Findings({ of }: { of: readonly Finding[] }) {
  return (
    <ul class="notes doctor">
      {of.map(({ severity, code, subject, message, suggestion }) => (
        <li key={`${code} ${subject}`} class={severity === "error" ? "bad" : "warn"}>
          <Icon name="alert" />
          <span>
            <Subject code={code} subject={subject} />
            <span class="doctor-what">{withReadersTimes(sentence(message))}</span>
            <span class="todo">
              <Prose text={sentence(suggestion)} />
            </span>
            <code class="muted">{code}</code>
          </span>
        </li>
      ))}
    </ul>
  );
}

function Subject({ code, subject }: { code: string; subject: string }) {
  return (
    <b class="doctor-subject">
      {subject.split(", ").map((name, index) => {
        const href = hrefOf(code, name);
        return (
          <span key={name}>
            {index === 0 ? "" : ", "}
            {href === undefined ? name : <a href={href}>{name}</a>}
          </span>
        );
      })}
    </b>
  );
}

function hrefOf(code: string, subject: string): string | undefined {
  const name = encodeURIComponent(subject);
  switch (ROOMS[code]) {
    case "queues":
      return `/queues/${name}`;
    case "tasks":
      return `/tasks?name=${name}${code === "RETRYING" ? "&state=RETRY" : ""}`;
    case "letters":
      return subject === "no task" ? "/dead-letters" : `/dead-letters?name=${name}`;
    case "schedules":
      return `/schedules/${name}`;
    default:
      return undefined;
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
