// One key: its value, how long it is kept, and changing that.
import { useMemo, useState } from "preact/hooks";
import { address, send, systemTime } from "../../core/api.ts";
import { bytes, moment, span } from "../../core/format.ts";
import { now } from "../../core/now.ts";
import { useQuery } from "../../core/use-query.ts";
import { Button } from "../../parts/button.tsx";
import { Empty } from "../../parts/card.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { errorOf, TextField } from "../../parts/fields.tsx";
import { Json } from "../../parts/json.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { say, wordsOf } from "../../parts/toast.tsx";
import type { Where } from "./use-keys.ts";

interface Found {
  readonly found: boolean;
  readonly value: unknown;
  readonly isAway?: boolean;
}

export interface KeyDialogProps {
  readonly name: string;
  readonly where: Where;
  readonly onChanged: () => unknown;
  readonly onClose: () => void;
}

export function KeyDialog({ name, where, onChanged, onClose }: KeyDialogProps) {
  const path = `/cache/keys/${encodeURIComponent(name)}`;
  // Each look counts as a read of the cache: it is not repeated by itself.
  const value = useQuery<Found>(address(path, { ...where }), { everyMs: 0 });
  const ttl = useQuery<{ found: boolean; ttlMs: number | null }>(address(`${path}/ttl`, { ...where }), { everyMs: 0 });
  const endsAt = useMemo(() => {
    const left = ttl.data?.ttlMs;
    return left === null || left === undefined ? left : systemTime() + left;
  }, [ttl.data]);
  const isThere = value.data?.found === true;
  return (
    <Dialog wide title="Key" onClose={onClose}>
      <p class="mono key-name">{name}</p>
      <Loaded query={value}>
        {({ found, value: own, isAway }) =>
          found ? (
            <>
              <p class="hint">
                {bytes(new Blob([JSON.stringify(own)]).size)} of JSON · <Kept endsAt={endsAt} />
              </p>
              <Json value={own} label="the value" />
            </>
          ) : isAway === true ? (
            <Empty title="Nobody can tell">The cache's server does not answer just now.</Empty>
          ) : (
            <Empty title="It is not there">It has expired, or was deleted.</Empty>
          )
        }
      </Loaded>
      {isThere ? (
        <KeyActions
          path={path}
          where={where}
          onExpiry={ttl.reload}
          onDeleted={async () => {
            say("Key deleted");
            await onChanged();
            onClose();
          }}
        />
      ) : null}
    </Dialog>
  );
}

function Kept({ endsAt }: { endsAt: number | null | undefined }) {
  if (endsAt === undefined) return <>…</>;
  if (endsAt === null) return <>kept for ever</>;
  if (endsAt <= now.value) return <span class="warn-text">has just expired</span>;
  return (
    <>
      kept for {span(endsAt - now.value)} more, until {moment(new Date(endsAt).toISOString())}
    </>
  );
}

interface KeyActionsProps {
  readonly path: string;
  readonly where: Where;
  readonly onExpiry: () => unknown;
  readonly onDeleted: () => unknown;
}

function KeyActions({ path, where, onExpiry, onDeleted }: KeyActionsProps) {
  const [ttl, setTtl] = useState("");
  const [error, setError] = useState<unknown>(undefined);
  const attempt = async (work: () => Promise<unknown>) => {
    setError(undefined);
    try {
      await work();
    } catch (reason) {
      setError(reason);
    }
  };
  const expire = (wanted: string | null) =>
    attempt(async () => {
      await send("POST", `${path}/expire`, { ...where, ttl: wanted });
      setTtl("");
      await onExpiry();
    });
  const remove = () =>
    attempt(async () => {
      await send("DELETE", address(path, { ...where }));
      await onDeleted();
    });
  return (
    <>
      <form
        class="key-actions"
        onSubmit={(event) => {
          event.preventDefault();
          void expire(ttl.trim());
        }}
      >
        <TextField
          label="Keep it for"
          mono
          value={ttl}
          placeholder="2h"
          onInput={setTtl}
          error={errorOf(error, "ttl")}
        />
        <Button type="submit" needs="operator" disabled={ttl.trim() === ""}>
          Set
        </Button>
        <Button needs="operator" onClick={() => expire(null)}>
          For ever
        </Button>
        <span class="key-actions-space" />
        <Button tone="danger" icon="trash" needs="operator" onClick={remove}>
          Delete
        </Button>
      </form>
      {error === undefined || errorOf(error, "ttl") !== undefined ? null : <p class="bad-text">{wordsOf(error)}</p>}
    </>
  );
}
