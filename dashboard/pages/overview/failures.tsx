// The task types that failed in the window, worst first; where nothing failed, the busiest.
import { percent, span, whole } from "../../core/format.ts";
import type { NameTotal } from "../../core/shapes.ts";
import { Table } from "../../parts/table.tsx";

const MOST_SHOWN = 8;

export function Failures({ names }: { names: readonly NameTotal[] }) {
  const rows = names.toSorted((a, b) => b.failed - a.failed || b.done - a.done).slice(0, MOST_SHOWN);
  return (
    <Table
      label="Task types by failures"
      rows={rows}
      keyOf={({ name }) => name}
      hrefOf={({ name, failed }) => `/tasks?name=${encodeURIComponent(name)}${failed > 0 ? "&state=FAILURE" : ""}`}
      empty="Nothing has run"
      emptyHint="As soon as tasks end they are counted here."
      columns={[
        { title: "Task", kind: "grow", cell: ({ name }) => <span class="mono">{name}</span> },
        {
          title: "Failed",
          kind: "number",
          cell: ({ done, failed }) =>
            failed === 0 ? (
              <span class="muted">0</span>
            ) : (
              <span class="bad-text">
                {whole(failed)} · {percent(failed / (done + failed))}
              </span>
            ),
        },
        { title: "Done", kind: "number", cell: ({ done }) => whole(done) },
        { title: "p95", kind: "number", wide: true, cell: ({ p95Ms }) => span(p95Ms) },
      ]}
    />
  );
}
