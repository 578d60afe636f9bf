// What this is, who is signed in, what the keyboard does, and the ways in for programs.
import { useEffect, useState } from "preact/hooks";
import { isOfPlatform, me } from "../../core/me.ts";
import type { Answers } from "../../core/shapes-system.ts";
import { useQuery } from "../../core/use-query.ts";
import { READERS_ZONE } from "../../core/zone.ts";
import { Badge } from "../../parts/badge.tsx";
import { Card, Facts } from "../../parts/card.tsx";
import { Icon } from "../../parts/icon.tsx";
import { useClientNames } from "./tokens/use-clients.ts";

interface Report {
  readonly apium: string;
  readonly node: string;
  readonly platform: string;
  readonly queue: string;
  readonly tasks: number;
}

const KEYS: readonly (readonly [keys: readonly string[], meaning: string])[] = [
  [["/"], "Search tasks"],
  [["g", "o"], "Go to a page, here the overview: g and its letter"],
  [["↑", "↓", "Enter"], "Move in a list, open"],
  [["←", "→"], "Read a chart, step by step"],
  [["Esc"], "Close"],
  [["?"], "All of them"],
];

export function About() {
  const version = useVersion();
  const report = useQuery<Answers<Report>>(isOfPlatform() ? "/inspect/report" : undefined, { everyMs: 60_000 });
  const clients = useClientNames();
  const { name = "", role = "", clientId = null } = me.value ?? {};
  const versions = new Set(report.data?.items.map(({ answer }) => answer?.apium));
  return (
    <>
      <div class="columns">
        <Card title="This system">
          <Facts
            of={[
              ["Apium", version ?? "…"],
              ...(report.data?.items.map(({ worker, answer }): [string, preact.ComponentChildren] => [
                worker,
                answer === undefined ? (
                  "does not answer"
                ) : (
                  <>
                    {answer.apium} {versions.size > 1 ? <Badge tone="warn">versions differ</Badge> : null}
                    <span class="about-sub">
                      Node {answer.node}, {answer.queue} queue, {answer.tasks} task types, {answer.platform}
                    </span>
                  </>
                ),
              ]) ?? []),
            ]}
          />
        </Card>
        <Card title="You">
          <Facts
            of={[
              ["Signed in as", name],
              ["Role", role],
              ["Of", clientId === null ? "the whole system" : (clients.get(clientId) ?? `client ${clientId}`)],
              ["Your time zone", READERS_ZONE],
            ]}
          />
        </Card>
      </div>
      <div class="columns">
        <Card title="Keyboard">
          <dl class="keys">
            {KEYS.map(([keys, meaning]) => (
              <div key={meaning}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </Card>
        <Card title="For programs">
          <ul class="about-links">
            <li>
              <Way href="/openapi.json" text="OpenAPI" />
              <span class="muted">The REST API under /api/v1, described for machines</span>
            </li>
            {isOfPlatform() ? (
              <li>
                <Way href="/metrics" text="Metrics" />
                <span class="muted">For Prometheus; needs a token of a viewer</span>
              </li>
            ) : null}
            <li>
              <code>npm run apium</code>
              <span class="muted">The same on the command line; npm run repl for a prompt</span>
            </li>
          </ul>
        </Card>
      </div>
    </>
  );
}

/** In a tab of its own: it is no page of the dashboard. */
function Way({ href, text }: { href: string; text: string }) {
  return (
    <a href={href} target="_blank" rel="noreferrer">
      {text} <Icon name="link" size={13} />
    </a>
  );
}

/** As the API's description has it, which everybody may read who is signed in. */
function useVersion(): string | undefined {
  const [version, setVersion] = useState<string | undefined>(undefined);
  useEffect(() => {
    const stopped = new AbortController();
    fetch("/openapi.json", { signal: stopped.signal })
      .then((response) => response.json() as Promise<{ info?: { version?: string } }>)
      .then(({ info }) => setVersion(info?.version))
      .catch(() => undefined);
    return () => stopped.abort();
  }, []);
  return version;
}
