// Tenants whose tasks are held back: what waits is put aside until they are resumed, what runs goes on.
import { useState } from "preact/hooks";
import { send } from "../../core/api.ts";
import { plural } from "../../core/format.ts";
import { may } from "../../core/me.ts";
import type { SteeringSettings } from "../../core/shapes-system.ts";
import { useQuery } from "../../core/use-query.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { say, sayError } from "../../parts/toast.tsx";
import { When } from "../../parts/when.tsx";

type Pause = SteeringSettings["tenants"][number];

export function Tenants() {
  const settings = useQuery<SteeringSettings>("/inspect/settings", { everyMs: 10_000 });
  const [tenant, setTenant] = useState("");
  const pause = async () => {
    const name = tenant.trim();
    if (name === "") return;
    try {
      await send("POST", "/control/pause", { tenant: name });
      say(`${name} is paused: nothing more of it is started`);
      setTenant("");
      await settings.reload();
    } catch (error) {
      sayError(error);
    }
  };
  const resume = async (name: string) => {
    const { released } = await send<{ released: number }>("POST", "/control/resume", { tenant: name });
    say(`${name} goes on; ${plural(released, "task")} let go`);
    await settings.reload();
  };
  const columns: readonly Column<Pause>[] = [
    { title: "Tenant", kind: "grow", cell: (own) => <strong class="settings-name">{own.tenant}</strong> },
    { title: "Paused", cell: ({ pausedAt }) => <When at={pausedAt} /> },
    { title: "By", wide: true, cell: ({ pausedBy }) => pausedBy ?? <span class="muted">–</span> },
    {
      title: "",
      kind: "shrink",
      cell: (own) => (
        <Button small needs="operator" icon="play" label={`Resume ${own.tenant}`} onClick={() => resume(own.tenant)}>
          Resume
        </Button>
      ),
    },
  ];
  return (
    <>
      <p class="hint">
        A tenant is what the header <code>tenant</code> of a task says, else <code>clientId</code> of its parameters.
        While one is paused, none of its tasks is started; those that run go on.
      </p>
      {may("operator") ? (
        <form
          class="filters"
          onSubmit={(event) => {
            event.preventDefault();
            void pause();
          }}
        >
          <input
            class="audit-whole"
            aria-label="Tenant to pause"
            placeholder="Tenant to pause"
            value={tenant}
            onInput={(event) => setTenant(event.currentTarget.value)}
          />
          <Button type="submit" icon="pause" disabled={tenant.trim() === ""}>
            Pause
          </Button>
        </form>
      ) : null}
      <Card flush title="Paused tenants">
        <Loaded query={settings}>
          {({ tenants }) => (
            <Table
              label="Paused tenants"
              columns={columns}
              rows={tenants}
              keyOf={(own) => own.tenant}
              empty="No tenant is paused"
              emptyHint="Pause one whose tasks do harm, or keep everybody else waiting."
            />
          )}
        </Loaded>
      </Card>
    </>
  );
}
