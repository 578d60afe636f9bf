// What the timing means: in words, and as its next slots.
import { relative } from "../../../core/format.ts";
import { now } from "../../../core/now.ts";
import { inZone, offsetOf, READERS_ZONE } from "../../../core/zone.ts";
import { wordsOf } from "../../../parts/toast.tsx";
import { timingText, timingWords } from "../timing-words.ts";
import { type Draft, timingOf } from "./draft.ts";
import type { Preview } from "./use-preview.ts";

export function PreviewPanel({ draft, preview: { fires, error, isAsking } }: { draft: Draft; preview: Preview }) {
  const timing = timingOf(draft);
  const words =
    (error === undefined && (timingWords(timing, draft.timezone) || timingText(timing))) || "Not yet a time";
  const isSame = draft.timezone === READERS_ZONE;
  return (
    <section class="preview" aria-label="When it will fire" aria-live="polite" aria-busy={isAsking}>
      <h3>{words}</h3>
      {error !== undefined ? (
        <p class="muted">{isOfField(error) ? "See what is said at the fields." : wordsOf(error)}</p>
      ) : fires === undefined ? (
        <p class="muted">Looking…</p>
      ) : fires.length === 0 ? (
        <p class="warn-text">It would never fire: there is no slot from now on.</p>
      ) : (
        <ol>
          {(draft.oneOff ? fires.slice(0, 1) : fires).map((fire) => {
            const seconds = fires.some((one) => !one.endsWith(":00.000Z"));
            return (
              <li key={fire}>
                <b>{inZone(fire, draft.timezone, { seconds })}</b>{" "}
                <span class="muted">{draft.timezone === "UTC" ? "UTC" : offsetOf(fire, draft.timezone)}</span>
                <span class="sub">
                  {isSame ? "" : `${inZone(fire, READERS_ZONE, { seconds })} for you, `}
                  {relative(Date.parse(fire), now.value)}
                </span>
              </li>
            );
          })}
        </ol>
      )}
      {draft.oneOff && (fires?.length ?? 0) > 0 ? <p class="muted">Then it switches itself off.</p> : null}
    </section>
  );
}

function isOfField(error: unknown): boolean {
  return typeof error === "object" && error !== null && "fields" in error && (error.fields as unknown[]).length > 0;
}
