// By which rules it runs: slots that were missed, runs that overlap, how long it is valid.
import { Choices } from "../../../parts/choices.tsx";
import { Checkbox, TextField } from "../../../parts/fields.tsx";
import { InstantField } from "../../../parts/instant-field.tsx";
import { MISFIRE, OVERLAP } from "../policies.ts";
import type { FieldsProps } from "./draft.ts";

export function RuleFields({ draft, set, errorAt }: FieldsProps) {
  return (
    <>
      <Choices
        label="If a slot was missed (nobody was there to fire it in time)"
        of={MISFIRE}
        value={draft.misfire}
        onChange={(misfire) => set({ misfire })}
      />
      <div class="form">
        <TextField
          label="In time means within"
          mono
          value={draft.misfireGrace}
          onInput={(misfireGrace) => set({ misfireGrace })}
          error={errorAt("misfireGrace")}
          hint="Later than this after its slot, a run counts as missed"
        />
        {draft.misfire === "all" || draft.overlap === "queue" ? (
          <TextField
            label="At most"
            mono
            value={draft.misfireCap}
            onInput={(misfireCap) => set({ misfireCap })}
            error={errorAt("misfireCap")}
            hint="So many slots are made up for, or wait their turn"
          />
        ) : null}
      </div>
      <Choices
        label="If the last run has not ended"
        of={OVERLAP}
        value={draft.overlap}
        onChange={(overlap) => set({ overlap })}
      />
      <div class="form">
        <TextField
          label="Not started after"
          mono
          value={draft.expires}
          placeholder="never"
          onInput={(expires) => set({ expires })}
          error={errorAt("expires")}
          hint="Like 25m: a run that has waited this long is dropped"
        />
        <TextField
          label="Spread over"
          mono
          value={draft.jitter}
          placeholder="0s"
          onInput={(jitter) => set({ jitter })}
          error={errorAt("jitter")}
          hint="Each run starts at random within this long after its slot"
        />
        <InstantField
          label="Nothing before"
          value={draft.startAt}
          onInput={(startAt) => set({ startAt })}
          error={errorAt("startAt")}
        />
        <InstantField
          label="Nothing after"
          value={draft.endAt}
          onInput={(endAt) => set({ endAt })}
          error={errorAt("endAt")}
        />
        <div class="whole">
          <Checkbox
            label="Once only: it switches itself off after its first run"
            checked={draft.oneOff}
            onChange={(oneOff) => set({ oneOff })}
          />
        </div>
      </div>
    </>
  );
}
