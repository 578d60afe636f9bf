// Dead letters: tasks that have failed for good, until somebody has handled them. By error, to see what is wrong; one by one,
// to see whom it has met.
import { useEffect, useMemo, useState } from "preact/hooks";
import { clock, plural, whole } from "../../core/format.ts";
import { may } from "../../core/me.ts";
import { offers } from "../../core/offers.ts";
import { query } from "../../core/place.ts";
import type { DeadLetter } from "../../core/shapes.ts";
import { BulkBar } from "../../parts/bulk-bar.tsx";
import { Button } from "../../parts/button.tsx";
import { Card, Empty } from "../../parts/card.tsx";
import { Grid } from "../../parts/grid.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { groupsOf } from "./groups.ts";
import { dismissLetters, type Meant, requeueLetters } from "./handle-letters.tsx";
import { rememberLetters } from "./last-letters.ts";
import { letterColumns } from "./letter-columns.tsx";
import { isAllKnown, LETTER_FILTER_NAMES, letterFilterOf, letterParams } from "./letter-filter.ts";
import { LetterFilters } from "./letter-filters.tsx";
import { LetterGroups } from "./letter-groups.tsx";
import { useLetters } from "./use-letters.ts";

/** Groups are made of what is loaded; more than this is loaded only when asked for. */
const MOST_GROUPED = 2_000;

export function DeadLetters() {
  const filter = letterFilterOf(query.value);
  const view = query.value.get("view") === "list" ? "list" : "errors";
  const isReady = offers("GET /dead-letters") !== undefined;
  const place = `/dead-letters?${query.value}`;
  const letters = useLetters(place, filter, isReady);
  const { items = [], read, isWhole, more, reload } = letters;
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => setSelected(new Set()), [place]);
  useEffect(() => {
    if (view === "errors" && !isWhole && read > 0 && read < MOST_GROUPED) void more();
  }, [view, isWhole, read, more]);
  useEffect(() => rememberLetters(items.map(({ id }) => id)), [items, place]);
  const groups = useMemo(() => groupsOf(items), [items]);

  const after = async (isDone: boolean) => {
    if (!isDone) return;
    setSelected(new Set());
    await reload();
  };
  const all: Meant = {
    ids: items.map(({ id }) => id),
    ...(isAllKnown(filter) ? { filter: letterParams(filter, Date.now()) } : {}),
  };
  const countWord = `${whole(items.length)}${isWhole ? "" : "+"}`;
  const some: Meant = { ids: [...selected] };
  const canHandle = !filter.isHandled && may("operator");
  return (
    <Page
      title="Dead letters"
      hint="Tasks that have failed for good, kept until somebody runs them again or dismisses them."
      actions={
        canHandle && items.length > 0 ? (
          <>
            <Button icon="check" onClick={async () => after(await dismissLetters(all))}>
              Dismiss all
            </Button>
            <Button tone="main" icon="retry" onClick={async () => after(await requeueLetters(all))}>
              Run all {countWord} again
            </Button>
          </>
        ) : null
      }
    >
      <LetterFilters filter={filter} letters={items} />
      <Tabs
        name="view"
        open={view}
        tabs={[
          { id: "errors", label: `By error${letters.items === undefined ? "" : ` (${groups.length})`}` },
          {
            id: "list",
            label: `One by one${letters.items === undefined ? "" : ` (${countWord})`}`,
          },
        ]}
      />
      <Loaded query={{ data: letters.items, error: letters.error, isLoading: false, reload }} lines={8}>
        {(fitting) =>
          fitting.length === 0 && isWhole ? (
            <NoLetters isHandled={filter.isHandled} isFiltered={isNarrowed()} />
          ) : view === "errors" ? (
            <Card flush>
              <LetterGroups groups={groups} isHandled={filter.isHandled} onChanged={reload} />
            </Card>
          ) : (
            <Grid<DeadLetter>
              label="Dead letters"
              class="letters-grid"
              columns={letterColumns(filter.isHandled)}
              rows={fitting}
              keyOf={({ id }) => id}
              hrefOf={({ id }) => `/dead-letters/${id}`}
              nameOf={({ id, name }) => `${name ?? "bytes"} ${id}`}
              {...(canHandle ? { selection: { keys: selected, set: setSelected } } : {})}
              onEnd={more}
              startAt={letters.startAt}
            />
          )
        }
      </Loaded>
      {letters.staleSince === undefined ? null : (
        <p class="list-foot">
          As of {clock(letters.staleSince)}: so many are not read again by themselves.
          <Button small icon="retry" onClick={reload}>
            Read again
          </Button>
        </p>
      )}
      {isWhole || read === 0 ? null : (
        <p class="list-foot">
          Of the oldest {plural(read, "dead letter")}; there are more.
          <Button small onClick={more}>
            Read on
          </Button>
        </p>
      )}
      <BulkBar count={selected.size} noun="letter" onClear={() => setSelected(new Set())}>
        <Button small icon="retry" onClick={async () => after(await requeueLetters(some))}>
          Run again
        </Button>
        <Button small icon="check" onClick={async () => after(await dismissLetters(some))}>
          Dismiss
        </Button>
      </BulkBar>
    </Page>
  );
}

function isNarrowed(): boolean {
  return LETTER_FILTER_NAMES.some((name) => name !== "handled" && query.value.has(name));
}

function NoLetters({ isHandled, isFiltered }: { isHandled: boolean; isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No dead letter fits">Take a part of the filter away.</Empty>;
  if (isHandled)
    return <Empty title="None handled yet">What is run again or dismissed is kept here, with by whom.</Empty>;
  return <Empty title="No dead letters">Whatever fails for good waits here for somebody to look at it.</Empty>;
}
