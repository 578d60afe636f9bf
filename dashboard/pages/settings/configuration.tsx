// What the processes were started with, side by side: what differs between them stands out. Secrets are masked before they
// leave their process.
import { span } from "../../core/format.ts";
import type { Answers } from "../../core/shapes-system.ts";
import { useQuery } from "../../core/use-query.ts";
import { Badge } from "../../parts/badge.tsx";
import { Card } from "../../parts/card.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { type Column, Table } from "../../parts/table.tsx";

type Settings = Readonly<Record<string, unknown>>;

interface Row {
  readonly name: string;
  /** Each value that somebody has, and who. */
  readonly values: readonly { readonly value: unknown; readonly workers: readonly string[] }[];
}

const REDACTED = "[redacted]";
const IS_DURATION = /TIMEOUT|EXPIRES|RETENTION|TTL|INTERVAL|_MS$/;

export function Configuration() {
  const conf = useQuery<Answers<Settings>>("/inspect/conf", { everyMs: 60_000 });
  return (
    <Loaded query={conf} lines={10}>
      {({ items, silent }) => (
        <>
          <p class="hint">
            What each process with a worker was started with; settings that are left out have their defaults. The names
            are those of environment variables.
          </p>
          {silent.length === 0 ? null : <p class="notice">No answer from {silent.join(", ")}.</p>}
          <Card flush title={items.length === 1 ? items[0]?.worker : `${items.length} processes`}>
            <Table
              label="Configuration"
              columns={columnsFor(items.length)}
              rows={rowsOf(items)}
              keyOf={({ name }) => name}
              empty="No process answers"
              emptyHint="Only processes with a worker tell their configuration; none is there just now."
            />
          </Card>
        </>
      )}
    </Loaded>
  );
}

function columnsFor(processes: number): readonly Column<Row>[] {
  return [
    { title: "Setting", kind: "shrink", cell: ({ name }) => <span class="mono">{name}</span> },
    {
      title: "Value",
      kind: "grow",
      cell: ({ name, values }) => (
        <ul class="conf-values">
          {values.map(({ value, workers }) => (
            <li key={JSON.stringify(value)}>
              <Value name={name} value={value} />
              {values.length === 1 && workers.length === processes ? null : (
                <span class="muted"> {workers.join(", ")}</span>
              )}
            </li>
          ))}
        </ul>
      ),
    },
    {
      title: "",
      kind: "shrink",
      cell: ({ values }) => (values.length > 1 ? <Badge tone="warn">Differs</Badge> : null),
    },
  ];
}

function Value({ name, value }: { name: string; value: unknown }) {
  if (value === REDACTED) return <Badge title="It is set, and nobody is shown what it is">secret</Badge>;
  if (Array.isArray(value)) return <span class="mono">{value.map(String).join(", ")}</span>;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (
    <>
      <span class="mono">{text}</span>
      {typeof value === "number" && IS_DURATION.test(name) ? <span class="muted"> ms, {span(value)}</span> : null}
    </>
  );
}

function rowsOf(items: Answers<Settings>["items"]): readonly Row[] {
  const names = [...new Set(items.flatMap(({ answer }) => Object.keys(answer ?? {})))].sort();
  return names.map((name) => {
    const byText = Map.groupBy(
      items.filter(({ answer }) => answer !== undefined && name in answer),
      ({ answer }) => JSON.stringify(answer?.[name]),
    );
    const values = [...byText.values()].map((same) => ({
      value: same[0]?.answer?.[name],
      workers: same.map(({ worker }) => worker),
    }));
    return { name, values };
  });
}
