// What fires in the next 24 hours: a line for each schedule, soonest first, and above them how many fire in the same minute.
// What one points at, or steps to with the arrow keys, is read out below.
import { useState } from "preact/hooks";
import { clock, plural, relative } from "../../core/format.ts";
import { thisMinute } from "../../core/now.ts";
import { go, hrefWith, query } from "../../core/place.ts";
import type { Schedule } from "../../core/shapes.ts";
import { Button } from "../../parts/button.tsx";
import { Card, Empty } from "../../parts/card.tsx";
import { CROWD, type Minute, minutesOf } from "./minutes.ts";
import { Cursor, Line, Strip, xOf } from "./next-day-line.tsx";
import { DAY_MS, useFirings } from "./use-firings.ts";

/** Whose firings are asked for; of these so many are drawn until one asks for all. */
const MOST_LINES = 40;
const FIRST_LINES = 10;
const HOURS = [0, 3, 6, 9, 12, 15, 18, 21];
const H = 3_600_000;

/** @param schedules - in the order in which they are due. */
export function NextDay({ schedules }: { schedules: readonly Schedule[] }) {
  const from = thisMinute.value;
  const soon = schedules.filter(({ nextRunAt }) => nextRunAt !== null && Date.parse(nextRunAt) < from + DAY_MS);
  const asked = soon.slice(0, MOST_LINES);
  const firings = useFirings(asked);
  const isKnown = asked.every(({ name }) => firings.has(name));
  const minutes = minutesOf(firings, from, from + DAY_MS);
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  const at = minutes.find(({ minute }) => minute === chosen);
  const areAll = query.value.get("lines") === "all";
  const lines = areAll ? asked : asked.slice(0, FIRST_LINES);

  if (lines.length === 0) {
    return (
      <Card title="The next 24 hours">
        <Empty title="Nothing fires within a day">
          Schedules that are switched off, or due later, are in the list.
        </Empty>
      </Card>
    );
  }
  const choose = (clientX: number, strip: Element) => {
    const { left, width } = strip.getBoundingClientRect();
    const wanted = from + ((clientX - left) / width) * DAY_MS;
    setChosen(nearestOf(minutes, wanted)?.minute);
  };
  const step = (by: number) => {
    const index = at === undefined ? (by > 0 ? -1 : 0) : minutes.indexOf(at);
    setChosen(minutes[Math.min(minutes.length - 1, Math.max(0, index + by))]?.minute);
  };
  const most = Math.max(0, ...minutes.map(({ names }) => names.length));
  const crowded = new Set(minutes.filter(({ names }) => names.length >= CROWD).map(({ minute }) => minute));

  return (
    <Card
      title="The next 24 hours"
      actions={
        <span class="hint" {...(isKnown ? {} : { "aria-label": "Loading" })}>
          {!isKnown
            ? "Looking…"
            : crowded.size === 0
              ? `Never ${CROWD} or more in the same minute`
              : `${plural(crowded.size, "minute")} with ${CROWD} or more at once`}
        </span>
      }
    >
      <figure
        class="next-day"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the reading.
        tabIndex={0}
        aria-label={`What fires in the next 24 hours: ${plural(soon.length, "schedule")}; at most ${most} in one minute`}
        onPointerMove={(event) => {
          const strip = event.currentTarget.querySelector(".strip");
          if (strip !== null) choose(event.clientX, strip);
        }}
        onPointerLeave={() => setChosen(undefined)}
        onBlur={() => setChosen(undefined)}
        onKeyDown={(event) => {
          if (event.key === "ArrowLeft") step(-1);
          if (event.key === "ArrowRight") step(1);
        }}
      >
        <span class="line-name muted">How many at once</span>
        <div class="strip crowds">
          <Strip>
            {minutes.map(({ minute, names }) => (
              <path
                key={minute}
                class={crowded.has(minute) ? "tick warn" : "tick"}
                d={`M${xOf(minute, from)} 1V${1 - names.length / Math.max(most, CROWD)}`}
              />
            ))}
          </Strip>
          <Cursor {...{ at, from }} />
        </div>
        {lines.map(({ name }) => (
          <Line key={name} {...{ name, crowded, from, at }} firings={firings.get(name)} />
        ))}
        <span class="line-name" />
        <div class="hours">
          {HOURS.map((hours) => (
            <span key={hours} style={{ left: `${xOf(hourAt(from, hours), from) * 100}%` }}>
              {clock(hourAt(from, hours))}
            </span>
          ))}
        </div>
      </figure>
      <div class="next-day-reading">
        <p aria-live="polite">
          {at === undefined ? (
            <span class="muted for-pointers">Point at a tick to see what fires, or use the arrow keys.</span>
          ) : (
            <>
              <b>{clock(at.minute)}</b> <span class="muted">{relative(at.minute, from)}</span> {at.names.join(", ")}
            </>
          )}
        </p>
        {asked.length > FIRST_LINES ? (
          <Button
            small
            tone="quiet"
            onClick={() => go(hrefWith({ lines: areAll ? undefined : "all" }), { replace: true })}
          >
            {areAll ? `The first ${FIRST_LINES} only` : `All ${asked.length}`}
          </Button>
        ) : null}
      </div>
      {soon.length > MOST_LINES ? (
        <p class="hint">{soon.length - MOST_LINES} more fire within the day and are not drawn: these come first.</p>
      ) : null}
    </Card>
  );
}

function nearestOf(minutes: readonly Minute[], wanted: number): Minute | undefined {
  return minutes.reduce<Minute | undefined>(
    (best, own) => (best && Math.abs(best.minute - wanted) <= Math.abs(own.minute - wanted) ? best : own),
    undefined,
  );
}

/** The full hour that comes so many hours after the next one. */
function hourAt(from: number, hours: number): number {
  const offset = new Date(from).getTimezoneOffset() * 60_000;
  return Math.ceil((from - offset) / H) * H + offset + hours * H;
}
