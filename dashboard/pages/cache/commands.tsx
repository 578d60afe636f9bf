// What is asked of a cache just now: nothing is recorded until somebody watches, and then for some seconds only.
import { useState } from "preact/hooks";
import { address, send, systemTime } from "../../core/api.ts";
import { exactClock, plural } from "../../core/format.ts";
import { now } from "../../core/now.ts";
import type { CacheCommand } from "../../core/shapes-system.ts";
import { useQuery } from "../../core/use-query.ts";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Checkbox, Select } from "../../parts/fields.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { say } from "../../parts/toast.tsx";
import { took } from "./took.ts";

const SHOWN = 200;
const TONES: Readonly<Record<CacheCommand["outcome"], Tone>> = { hit: "good", miss: "warn", done: "calm" };
const WORDS: Readonly<Record<CacheCommand["outcome"], string>> = { hit: "Hit", miss: "Miss", done: "Done" };

const COLUMNS: readonly Column<CacheCommand>[] = [
  { title: "At", kind: "shrink", wide: true, cell: ({ at }) => <span class="mono">{exactClock(at)}</span> },
  { title: "Command", kind: "shrink", cell: ({ action }) => <strong>{action}</strong> },
  {
    title: "Key",
    kind: "grow",
    cell: ({ key }) => (
      <span class="mono command-key" title={key ?? ""}>
        {key ?? "–"}
      </span>
    ),
  },
  { title: "Outcome", cell: ({ outcome }) => <Badge tone={TONES[outcome]}>{WORDS[outcome]}</Badge> },
  { title: "Took", kind: "number", wide: true, cell: ({ ms }) => took(ms) },
  { title: "Asked by", wide: true, cell: ({ caller }) => <span class="muted nowrap">{caller ?? "–"}</span> },
];

export function Commands({ cache }: { cache: string }) {
  const [seconds, setSeconds] = useState("60");
  const [isOfAll, setOfAll] = useState(false);
  const [until, setUntil] = useState(0);
  const isOpen = until > now.value;
  const monitor = useQuery<{ watched: boolean; items: readonly CacheCommand[] }>(
    address("/cache/monitor", { limit: SHOWN, cache: isOfAll ? undefined : cache }),
    { everyMs: isOpen ? 1_000 : 5_000 },
  );
  const watch = async () => {
    await send("POST", "/cache/watch", { seconds: Number(seconds) });
    setUntil(systemTime() + Number(seconds) * 1_000);
    say(`Commands are recorded for ${seconds} s`);
    await monitor.reload();
  };
  const isWatched = monitor.data?.watched === true;
  return (
    <Card
      flush
      title={isOfAll ? "Commands of all caches" : `Commands of ${cache}`}
      actions={
        <>
          {isWatched ? (
            <Badge tone="busy">
              Recording{isOpen ? `, ${plural(Math.ceil((until - now.value) / 1_000), "second")} left` : ""}
            </Badge>
          ) : null}
          <Checkbox label="All caches" checked={isOfAll} onChange={setOfAll} />
          <Select
            inline
            label="For how long"
            value={seconds}
            onChange={setSeconds}
            options={[
              ["10", "10 seconds"],
              ["60", "a minute"],
              ["300", "5 minutes"],
            ]}
          />
          <Button small icon="activity" needs="operator" onClick={watch}>
            Watch
          </Button>
        </>
      }
    >
      <Loaded query={monitor}>
        {({ items }) => (
          <Table
            label="Commands"
            columns={COLUMNS}
            rows={[...items].reverse()}
            keyOf={(command) => `${command.at} ${command.action} ${command.key} ${command.ms}`}
            empty={isWatched ? "Nothing has been asked yet" : "Nobody watches"}
            emptyHint={
              isWatched
                ? "Each command appears here within a second."
                : "Commands are recorded only while somebody watches: keys, outcomes and times, never values."
            }
          />
        )}
      </Loaded>
    </Card>
  );
}
