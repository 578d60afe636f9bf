// The schedules: what runs when, what fires next, what will not, and what did not.
import { may } from "../../core/me.ts";
import { now } from "../../core/now.ts";
import { go, hrefWith, query, setQuery } from "../../core/place.ts";
import type { Items, Schedule } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Search } from "../../parts/fields.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { NewSchedule } from "./editor/new-schedule.tsx";
import { NextDay } from "./next-day.tsx";
import { ScheduleTable } from "./schedule-table.tsx";
import { bySlot, hasMissedLately, inOrder, type Standing, standingOf } from "./standing.ts";
import { useFindings } from "./use-findings.ts";

const SHOWN = ["all", "look", "off"] as const;
type Shown = (typeof SHOWN)[number];
const WORDS: Readonly<Record<Shown, string>> = { all: "All", look: "Needs a look", off: "Off or done" };

export function Schedules() {
  const schedules = useQuery<Items<Schedule>>("/schedules", {
    live: ["schedule.fired", "schedule.missed"],
    everyMs: 15_000,
  });
  const findings = useFindings().data?.findings ?? [];
  // As it was when the system answered: an old answer makes no slot late, and a thousand are not drawn each second.
  const standing = (schedule: Schedule) => standingOf(schedule, findings, schedules.answeredAt ?? now.peek());

  const text = query.value.get("q") ?? "";
  const shown = SHOWN.find((known) => known === query.value.get("show")) ?? "all";
  return (
    <Page
      title="Schedules"
      hint="What runs by itself, and when. Each slot fires once, however many processes watch; one that did not is written down."
      actions={
        <Button tone="main" icon="plus" needs="operator" onClick={() => go(hrefWith({ new: "1" }))}>
          New schedule
        </Button>
      }
    >
      <Loaded query={schedules} lines={8}>
        {({ items }) => {
          const fitting = items.filter((schedule) => fits(schedule, text));
          const counted = Object.fromEntries(
            SHOWN.map((one) => [one, fitting.filter((schedule) => isShown(schedule, one, standing)).length]),
          );
          return (
            <>
              <NextDay schedules={bySlot(items)} />
              <div class="filters">
                <Search
                  label="Search by name, task or description"
                  value={text}
                  onInput={(q) => setQuery({ q: q === "" ? undefined : q })}
                />
                <fieldset class="chips" aria-label="Which are shown">
                  {SHOWN.map((one) => (
                    <button
                      key={one}
                      type="button"
                      class="chip"
                      aria-pressed={one === shown}
                      onClick={() => setQuery({ show: one === "all" ? undefined : one })}
                    >
                      {WORDS[one]} {counted[one]}
                    </button>
                  ))}
                </fieldset>
              </div>
              <Card flush>
                <ScheduleTable
                  schedules={inOrder(
                    fitting.filter((schedule) => isShown(schedule, shown, standing)),
                    standing,
                  )}
                  standing={standing}
                  isFiltered={text !== "" || shown !== "all"}
                  onDone={schedules.reload}
                />
              </Card>
            </>
          );
        }}
      </Loaded>
      {query.value.get("new") === null || !may("operator") ? null : <NewSchedule onDone={schedules.reload} />}
    </Page>
  );
}

function fits({ name, task, description }: Schedule, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return [name, task, description ?? ""].some((own) => own.toLowerCase().includes(wanted));
}

function isShown(schedule: Schedule, shown: Shown, standing: (schedule: Schedule) => Standing): boolean {
  if (shown === "all") return true;
  const { kind } = standing(schedule);
  if (shown === "off") return kind === "off" || kind === "done";
  return kind === "broken" || (kind !== "off" && hasMissedLately(schedule, now.peek()));
}
