// What of the audit is shown: who, what, to what, since when. Names are whole: they count when one leaves the field or
// presses Enter.
import { me } from "../../core/me.ts";
import { query, setQuery } from "../../core/place.ts";
import { Button } from "../../parts/button.tsx";
import { Select } from "../../parts/fields.tsx";
import { localText } from "../../parts/instant-field.tsx";
import { FACILITY_KINDS, KINDS } from "./kinds.ts";
import { STRETCHES } from "./since.ts";

export function AuditFilters() {
  const at = (name: string) => query.value.get(name) ?? "";
  const since = at("since");
  const isInstant = since !== "" && !STRETCHES.some(([value]) => value === since);
  const isFiltered = ["actor", "action", "target", "since"].some((name) => at(name) !== "");
  return (
    <div class="audit-filters">
      <div class="filters">
        <Whole label={`Who: ${me.value?.name ?? "a whole name"}`} name="actor" value={at("actor")} />
        <Whole label="To what: a whole id or name" name="target" value={at("target")} />
        <Select
          inline
          label="Since when"
          value={isInstant ? "at" : since}
          onChange={(value) => setQuery({ since: value === "at" ? new Date().toISOString() : value })}
          options={[...STRETCHES, ["at", "Since…"]]}
        />
        {isInstant ? (
          <input
            type="datetime-local"
            aria-label="Since, your time"
            value={localText(since)}
            onChange={({ currentTarget: { value } }) => {
              const chosen = new Date(value);
              if (!Number.isNaN(chosen.getTime())) setQuery({ since: chosen.toISOString() });
            }}
          />
        ) : null}
        <Select
          inline
          label="What of the facility was changed"
          value={FACILITY_KINDS.some(([action]) => action === at("action")) ? at("action") : ""}
          onChange={(action) => setQuery({ action })}
          options={[["", "The facility…"], ...FACILITY_KINDS]}
        />
        {isFiltered ? (
          <Button
            tone="quiet"
            icon="close"
            onClick={() => setQuery({ actor: undefined, action: undefined, target: undefined, since: undefined })}
          >
            All
          </Button>
        ) : (
          <Button tone="quiet" onClick={() => setQuery({ actor: me.value?.name })}>
            Only mine
          </Button>
        )}
      </div>
      <fieldset class="chips" aria-label="What was done">
        {KINDS.map(([action, text]) => (
          <button
            key={action}
            type="button"
            class="chip"
            aria-pressed={action === "" ? at("action") === "" : at("action").startsWith(action)}
            onClick={() => setQuery({ action })}
          >
            {text}
          </button>
        ))}
        {[...KINDS, ...FACILITY_KINDS].some(([action]) => action === at("action")) ? null : (
          <button type="button" class="chip" aria-pressed="true" onClick={() => setQuery({ action: undefined })}>
            <code>{at("action")}</code> ×
          </button>
        )}
      </fieldset>
    </div>
  );
}

function Whole({ label, name, value }: { label: string; name: string; value: string }) {
  return (
    <input
      class="audit-whole"
      aria-label={label}
      placeholder={label}
      value={value}
      spellcheck={false}
      onChange={(event) => setQuery({ [name]: event.currentTarget.value.trim() })}
    />
  );
}
