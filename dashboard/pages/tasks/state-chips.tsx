// The states as switches, with how many tasks are in each where that is known without counting: of unfinished ones now, of
// ended ones within the time asked for.
import { short } from "../../core/format.ts";
import { offers } from "../../core/offers.ts";
import { setQuery } from "../../core/place.ts";
import type { Items, Queue, TaskCounts } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { toneOf } from "../../parts/badge.tsx";
import { isOfAll, TASK_STATES, type TaskFilter } from "./filter.ts";
import { takesSeveralStates } from "./list-params.ts";

type ByState = Readonly<Record<string, number>>;

const EVERY_MS = 10_000;

export function StateChips({ filter }: { filter: TaskFilter }) {
  const counts = useCounts(filter);
  const toggle = (state: string) => {
    const others = takesSeveralStates() ? filter.states.filter((one) => one !== state) : [];
    setQuery({ state: filter.states.includes(state) ? others.join() : [...others, state].join() });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a row everywhere.
    <div class="chips" role="group" aria-label="States">
      {TASK_STATES.map((state) => (
        <button
          key={state}
          type="button"
          class="chip state-chip"
          aria-pressed={filter.states.includes(state)}
          onClick={() => toggle(state)}
        >
          <i class={`dot ${toneOf(state)}`} />
          {state.charAt(0) + state.slice(1).toLowerCase()}
          {counts[state] === undefined ? null : <b>{short(counts[state])}</b>}
        </button>
      ))}
    </div>
  );
}

function useCounts(filter: TaskFilter): ByState {
  const isMeant = isOfAll({ ...filter, time: filter.time === "custom" ? "custom" : "" });
  const areTold = offers("GET /tasks/counts");
  const told = useQuery<TaskCounts>(isMeant && areTold === true ? "/tasks/counts" : undefined, { everyMs: EVERY_MS });
  const queues = useQuery<Items<Queue>>(isMeant && areTold === false ? "/queues" : undefined, { everyMs: EVERY_MS });
  if (!isMeant) return {};
  if (told.data !== undefined) {
    const { live, ended } = told.data;
    // What is not finished is counted whenever it was accepted.
    if (filter.time === "1h") return ended.hour;
    return filter.time === "24h" ? ended.day : filter.time === "" ? live : {};
  }
  if (queues.data === undefined || filter.time !== "") return {};
  const sum = (of: "queued" | "started") => queues.data?.items.reduce((total, queue) => total + queue[of], 0) ?? 0;
  return { QUEUED: sum("queued"), STARTED: sum("started") };
}
