// Running slots that have not run: first which they are, then, if one wants so many, running them.
import { useEffect, useState } from "preact/hooks";
import { foresee, send } from "../../core/api.ts";
import { plural } from "../../core/format.ts";
import type { Schedule } from "../../core/shapes.ts";
import { inZone } from "../../core/zone.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { errorOf } from "../../parts/fields.tsx";
import { InstantField } from "../../parts/instant-field.tsx";
import { say, wordsOf } from "../../parts/toast.tsx";
import { pathOf } from "./schedule-actions.tsx";

const DAY_MS = 86_400_000;
const AFTER_TYPING_MS = 400;
const MOST_NAMED = 60;

interface Made {
  readonly slots: readonly string[];
  readonly taskIds: readonly string[];
}

export interface BackfillProps {
  readonly schedule: Schedule;
  readonly onDone: () => unknown;
  readonly onClose: () => void;
}

export function Backfill({ schedule: { name, timezone, createdAt }, onDone, onClose }: BackfillProps) {
  const [from, setFrom] = useState(() => new Date(Math.max(Date.now() - DAY_MS, Date.parse(createdAt))).toISOString());
  const [to, setTo] = useState(() => new Date().toISOString());
  const [planned, setPlanned] = useState<Made | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const path = `${pathOf(name)}/backfill`;

  useEffect(() => {
    setPlanned(undefined);
    setError(undefined);
    if (from === "" || to === "") return undefined;
    let isOld = false;
    const look = setTimeout(() => {
      foresee<Made>(path, { from, to, dryRun: true }).then(
        (made) => isOld || setPlanned(made),
        (reason: unknown) => isOld || setError(reason),
      );
    }, AFTER_TYPING_MS);
    return () => {
      isOld = true;
      clearTimeout(look);
    };
  }, [from, to, path]);

  const run = async () => {
    try {
      const { taskIds } = await send<Made>("POST", path, { from, to });
      say(`${plural(taskIds.length, "slot")} of ${name} made up for`);
      await onDone();
      onClose();
    } catch (reason) {
      setError(reason);
    }
  };
  const count = planned?.slots.length ?? 0;
  return (
    <Dialog title={`Backfill ${name}`} onClose={onClose}>
      <p class="hint">
        Runs the slots between two instants that have not run. One that has run does not run again; neither an overlap
        nor an expiry stands in the way. Slots from before it was made count, too.
      </p>
      <div class="form">
        <InstantField label="From" value={from} onInput={setFrom} error={errorOf(error, "from")} />
        <InstantField label="To" value={to} onInput={setTo} error={errorOf(error, "to")} />
      </div>
      <div class="backfill-slots" role="status">
        {error !== undefined ? (
          <p class="bad-text">{wordsOf(error)}</p>
        ) : planned === undefined ? (
          <p class="muted">Looking for slots…</p>
        ) : count === 0 ? (
          <p>Every slot in this time has run.</p>
        ) : (
          <>
            <p>
              <b>{plural(count, "slot")}</b> would run, in {timezone}:
            </p>
            <ul>
              {planned.slots.slice(0, MOST_NAMED).map((slot) => (
                <li key={slot}>{inZone(slot, timezone, { seconds: !slot.endsWith(":00.000Z") })}</li>
              ))}
              {count > MOST_NAMED ? <li>and {count - MOST_NAMED} more</li> : null}
            </ul>
          </>
        )}
      </div>
      <footer>
        <Button onClick={onClose}>Cancel</Button>
        <Button tone="main" needs="operator" disabled={count === 0} onClick={run}>
          {count === 0 ? "Run them" : `Run ${plural(count, "slot")}`}
        </Button>
      </footer>
    </Dialog>
  );
}
