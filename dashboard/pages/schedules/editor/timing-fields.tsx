// When it fires: one of four kinds, and the zone its clock is in.

import { restrictsBothDays } from "../../../../runtime/schedule/cron-words.ts";
import { ZONES } from "../../../core/zone.ts";
import { Choices } from "../../../parts/choices.tsx";
import { Select, TextField } from "../../../parts/fields.tsx";
import { InstantField } from "../../../parts/instant-field.tsx";
import { SuggestField } from "../../../parts/suggest-field.tsx";
import { SOLAR_WORDS } from "../timing-words.ts";
import type { FieldsProps, Kind } from "./draft.ts";

const KIND_CHOICES: readonly { readonly value: Kind; readonly label: string }[] = [
  { value: "cron", label: "By the calendar" },
  { value: "every", label: "Every so often" },
  { value: "at", label: "Once" },
  { value: "solar", label: "With the sun" },
];

const CRON_EXAMPLES: readonly (readonly [cron: string, words: string])[] = [
  ["*/15 * * * *", "every 15 minutes"],
  ["0 * * * *", "hourly"],
  ["0 6 * * *", "daily at 6"],
  ["30 6 * * mon-fri", "weekdays"],
  ["0 6 * * mon", "weekly"],
  ["0 6 1 * *", "monthly"],
];
const EVERY_EXAMPLES = ["30s", "5m", "15m", "1h", "1d"].map((every) => [every, every] as const);

export function TimingFields(props: FieldsProps) {
  const { draft, set, errorAt } = props;
  return (
    <>
      <Choices label="When" compact of={KIND_CHOICES} value={draft.kind} onChange={(kind) => set({ kind })} />
      {draft.kind === "cron" ? <CronFields {...props} /> : null}
      {draft.kind === "every" ? (
        <>
          <TextField
            label="Interval"
            mono
            value={draft.every}
            onInput={(every) => set({ every })}
            error={errorAt("every")}
            hint="Like 30s, 15m, 2h or 1d. It is counted from the start, where one is set."
          />
          <Examples of={EVERY_EXAMPLES} onPick={(every) => set({ every })} />
        </>
      ) : null}
      {draft.kind === "at" ? (
        <InstantField
          label="At"
          value={draft.at}
          onInput={(at) => set({ at })}
          error={draft.at === "" ? undefined : errorAt("at")}
        />
      ) : null}
      {draft.kind === "solar" ? <SolarFields {...props} /> : null}
      <SuggestField
        label="Time zone"
        value={draft.timezone}
        suggestions={ZONES}
        onInput={(timezone) => set({ timezone })}
        error={errorAt("timezone")}
        {...(draft.kind === "cron"
          ? { hint: "The clock the expression is meant by, also when it changes to summer time" }
          : {})}
      />
    </>
  );
}

function CronFields({ draft, set, errorAt }: FieldsProps) {
  return (
    <>
      <TextField
        label="Cron expression"
        mono
        value={draft.cron}
        onInput={(cron) => set({ cron })}
        error={errorAt("cron")}
        hint="Minute, hour, day of month, month, day of week"
      />
      <Examples of={CRON_EXAMPLES} onPick={(cron) => set({ cron })} />
      {restrictsBothDays(draft.cron) ? (
        <Select
          label="Day of month and day of week"
          value={draft.days}
          onChange={(days) => set({ days: days === "or" ? "or" : "and" })}
          options={[
            ["and", "Both must fit (as Celery)"],
            ["or", "Either suffices (as classic cron)"],
          ]}
        />
      ) : null}
    </>
  );
}

function SolarFields({ draft, set, errorAt }: FieldsProps) {
  return (
    <>
      <Select
        label="Event"
        value={draft.event}
        onChange={(event) => set({ event })}
        options={Object.entries(SOLAR_WORDS)}
      />
      <div class="form">
        <TextField
          label="Latitude"
          mono
          value={draft.latitude}
          placeholder="12.97"
          onInput={(latitude) => set({ latitude })}
          error={draft.latitude === "" ? undefined : errorAt("solar.latitude")}
          hint="Degrees, north positive"
        />
        <TextField
          label="Longitude"
          mono
          value={draft.longitude}
          placeholder="77.59"
          onInput={(longitude) => set({ longitude })}
          error={draft.longitude === "" ? undefined : errorAt("solar.longitude")}
          hint="Degrees, east positive"
        />
      </div>
    </>
  );
}

function Examples({ of, onPick }: { of: readonly (readonly [string, string])[]; onPick: (value: string) => void }) {
  return (
    <fieldset class="chips" aria-label="Examples">
      {of.map(([value, words]) => (
        <button key={value} type="button" class="chip" title={value} onClick={() => onPick(value)}>
          {words}
        </button>
      ))}
    </fieldset>
  );
}
