// What the list can be narrowed by. Everything stands in the address.
import { useState } from "preact/hooks";
import { offers } from "../../core/offers.ts";
import { setQuery } from "../../core/place.ts";
import type { Items, Queue, Worker } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { useTaskTypes } from "../../core/use-task-types.ts";
import { useTyped } from "../../core/use-typed.ts";
import { Button } from "../../parts/button.tsx";
import { Search, Select } from "../../parts/fields.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Suggest } from "../../parts/suggest.tsx";
import { CustomTime } from "./custom-time.tsx";
import { FILTER_NAMES, isOfAll, type TaskFilter } from "./filter.ts";
import { StateChips } from "./state-chips.tsx";

const TIME_OPTIONS = [
  ["", "Any time"],
  ["15m", "Last 15 min"],
  ["1h", "Last hour"],
  ["24h", "Last day"],
  ["custom", "From – to…"],
] as const;

export function Filters({ filter }: { filter: TaskFilter }) {
  const [text, setText] = useTyped(filter.q, (q) => setQuery({ q }));
  const types = useTaskTypes() ?? [];
  const queues = useQuery<Items<Queue>>("/queues", { everyMs: 60_000 });
  const isMoreSet = filter.worker !== "" || filter.header !== "";
  const [isMore, setMore] = useState(isMoreSet);
  const hasTimes = offers("GET /tasks", "createdAfter") === true || filter.time !== "";
  const isFiltered = !isOfAll(filter) || filter.states.length > 0;
  return (
    <search class="task-filters">
      <div class="filters">
        <Search label="Id, name or text of the parameters" value={text} onInput={setText} />
        <Suggest
          label="Any task"
          value={filter.name}
          options={types.map(({ name }) => name)}
          onChange={(name) => setQuery({ name })}
        />
        <Select
          inline
          label="Queue"
          value={filter.queue}
          onChange={(queue) => setQuery({ queue })}
          options={[["", "Any queue"], ...withChosen(queues.data?.items.map(({ name }) => name) ?? [], filter.queue)]}
        />
        {hasTimes ? (
          <Select
            inline
            label="Accepted"
            value={filter.time}
            onChange={(time) => setQuery({ time, from: undefined, to: undefined })}
            options={TIME_OPTIONS}
          />
        ) : null}
        <Button tone="quiet" icon="filter" onClick={() => setMore(!isMore)}>
          More
        </Button>
      </div>
      {filter.time === "custom" ? <CustomTime filter={filter} /> : null}
      {isMore || isMoreSet ? <MoreFilters filter={filter} /> : null}
      <div class="filters">
        <StateChips filter={filter} />
        <Given name="parentId" label="Children of" value={filter.parentId} />
        <Given name="retryOf" label="In place of" value={filter.retryOf} />
        {isFiltered ? (
          <Button
            tone="quiet"
            small
            icon="close"
            onClick={() => setQuery(Object.fromEntries(FILTER_NAMES.map((name) => [name, undefined])))}
          >
            Clear all
          </Button>
        ) : null}
      </div>
    </search>
  );
}

function MoreFilters({ filter }: { filter: TaskFilter }) {
  const workers = useQuery<Items<Worker>>("/workers", { everyMs: 60_000 });
  const [header, setHeader] = useTyped(filter.header, (text) => {
    if (text === "" || /^[^:]+:.+/.test(text)) setQuery({ header: text });
  });
  return (
    <div class="filters">
      <Select
        inline
        label="Worker"
        value={filter.worker}
        onChange={(worker) => setQuery({ worker })}
        options={[["", "Any worker"], ...withChosen(workers.data?.items.map(({ id }) => id) ?? [], filter.worker)]}
      />
      {offers("GET /tasks", "header") === false ? null : (
        <input
          class="header-filter mono"
          aria-label="Header, as name:value"
          placeholder="header:value, such as tenant:acme"
          value={header}
          onInput={({ currentTarget }) => setHeader(currentTarget.value)}
        />
      )}
    </div>
  );
}

/** A part of the filter that comes with a link: it can only be taken away. */
function Given({ name, label, value }: { name: string; label: string; value: string }) {
  if (value === "") return null;
  return (
    <button type="button" class="chip" aria-pressed title={value} onClick={() => setQuery({ [name]: undefined })}>
      {label} <code>…{value.slice(-8)}</code>
      <Icon name="close" size={13} />
    </button>
  );
}

/** What the address names is there to choose, even when it is not there any more. */
function withChosen(names: readonly string[], chosen: string): readonly string[] {
  return chosen === "" || names.includes(chosen) ? names : [...names, chosen];
}
