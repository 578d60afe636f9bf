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

const ABOUT_QUEUES = "QUEUE_UNATTENDED";
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
                Looked at were the schedules, their tasks and parameters, their queues and who works them.
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
            <span class="todo">{sentence(suggestion)}</span>
            <code class="muted">{code}</code>
          </span>
        </li>
      ))}
    </ul>
  );
}

function Subject({ code, subject }: { code: string; subject: string }) {
  const room = code === ABOUT_QUEUES ? "queues" : "schedules";
  return (
    <b class="doctor-subject">
      {subject.split(", ").map((name, index) => (
        <span key={name}>
          {index === 0 ? "" : ", "}
          <a href={`/${room}/${encodeURIComponent(name)}`}>{name}</a>
        </span>
      ))}
    </b>
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
