// What dead letters can be narrowed by. Everything stands in the address.
import { query, setQuery } from "../../core/place.ts";
import type { DeadLetter, Items, Queue } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { useTyped } from "../../core/use-typed.ts";
import { Button } from "../../parts/button.tsx";
import { Search, Select } from "../../parts/fields.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Suggest } from "../../parts/suggest.tsx";
import { LETTER_FILTER_NAMES, type LetterFilter } from "./letter-filter.ts";

export interface LetterFiltersProps {
  readonly filter: LetterFilter;
  /** What is loaded: its names and codes are suggested. */
  readonly letters: readonly DeadLetter[];
}

export function LetterFilters({ filter, letters }: LetterFiltersProps) {
  const [text, setText] = useTyped(filter.text, (q) => setQuery({ q }));
  const queues = useQuery<Items<Queue>>("/queues", { everyMs: 60_000 });
  const isFiltered = LETTER_FILTER_NAMES.some((name) => name !== "handled" && query.value.has(name));
  return (
    <search class="task-filters">
      <div class="filters">
        <Search label="Text of the error or the parameters" value={text} onInput={setText} />
        <Suggest
          label="Any task"
          value={filter.name}
          options={distinct(letters.map(({ name }) => name))}
          onChange={(name) => setQuery({ name, like: undefined })}
        />
        <Suggest
          label="Any error code"
          value={filter.code}
          options={distinct(letters.map(({ error }) => error.code))}
          onChange={(code) => setQuery({ code, like: undefined })}
        />
        <Select
          inline
          label="Queue"
          value={filter.queue}
          onChange={(queue) => setQuery({ queue })}
          options={[["", "Any queue"], ...(queues.data?.items.map(({ name }) => name) ?? [])]}
        />
        <Select
          inline
          label="Died"
          value={query.value.get("time") ?? ""}
          onChange={(time) => setQuery({ time })}
          options={[
            ["", "Any time"],
            ["1h", "Last hour"],
            ["24h", "Last day"],
            ["7d", "Last week"],
          ]}
        />
      </div>
      <div class="filters">
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a row everywhere. */}
        <div class="chips" role="group" aria-label="Handled or not">
          <button type="button" class="chip" aria-pressed={!filter.isHandled} onClick={() => setQuery({ handled: "" })}>
            Open
          </button>
          <button
            type="button"
            class="chip"
            aria-pressed={filter.isHandled}
            onClick={() => setQuery({ handled: "true" })}
          >
            Handled
          </button>
        </div>
        {filter.like === "" ? null : (
          <button type="button" class="chip like" aria-pressed onClick={() => setQuery({ like: undefined })}>
            <span>Errors like “{filter.like}”</span>
            <Icon name="close" size={13} />
          </button>
        )}
        {isFiltered ? (
          <Button
            tone="quiet"
            small
            icon="close"
            onClick={() => setQuery(Object.fromEntries(LETTER_FILTER_NAMES.map((name) => [name, undefined])))}
          >
            Clear all
          </Button>
        ) : null}
      </div>
    </search>
  );
}

function distinct(values: readonly (string | null | undefined)[]): readonly string[] {
  return [...new Set(values.filter((value) => typeof value === "string"))].sort();
}
