// Letting go at once what waits for its time or its next attempt: some, or all that fit. For the moment after an outage. Counted
// first, and said what stays because something else holds it.
import { foresee, send } from "../../core/api.ts";
import { plural, whole } from "../../core/format.ts";
import { confirm } from "../../parts/dialog.tsx";
import { Pace } from "../../parts/pace.tsx";
import { say } from "../../parts/toast.tsx";
import { chunks } from "./chunks.ts";

const PATH = "/tasks/run-now";

interface Outcome {
  readonly matched: number;
  readonly byState: Readonly<Record<string, number>>;
  readonly held: number;
  readonly rateLimited: number;
  readonly released: number;
}

/** @returns whether it was done. */
export function runSelectedNow(ids: readonly string[]): Promise<boolean> {
  const parts = chunks(ids).map((chunk) => ({ ids: chunk }));
  return runNow(parts, "None of them waits for its time any more", { asked: ids.length });
}

/** All that fit `filter`, also those that are not loaded. @returns whether it was done. */
export function runMatchingNow(filter: object, words: string): Promise<boolean> {
  return runNow([filter], "No task that fits waits for its time", { words });
}

async function runNow(
  parts: readonly object[],
  nothing: string,
  { asked, words }: { readonly asked?: number; readonly words?: string },
): Promise<boolean> {
  const counted = sum(await Promise.all(parts.map((part) => foresee<Outcome>(PATH, { ...part, dryRun: true }))));
  const { retry, scheduled, held, rateLimited } = counted;
  const matched = retry + scheduled;
  const free = matched - held - rateLimited;
  if (free === 0) {
    say(matched === 0 ? nothing : "A pause of their type or tenant holds all of them, or their rate limit");
    return false;
  }
  const others = (asked ?? matched) - matched;
  const pace = { rate: "" };
  const isSure = await confirm({
    title: `Run ${plural(free, "task")} now?`,
    body: (
      <div class="points-and-fields">
        <ul class="points">
          {words === undefined ? null : <li>{words}</li>}
          {retry > 0 ? <li>In state Retry: {whole(retry)}. The next attempt is made now.</li> : null}
          {scheduled > 0 ? (
            <li>In state Scheduled: {whole(scheduled)}. The time they were given does not count.</li>
          ) : null}
          {held > 0 ? <li>Held by a pause of their type or tenant: {whole(held)} of these, which stay.</li> : null}
          {rateLimited > 0 ? <li>Waiting for their rate limit: {whole(rateLimited)} of these, which stay.</li> : null}
          {others > 0 ? (
            <li>Not waiting for a time: {whole(others)} of your selection, which are left alone.</li>
          ) : null}
        </ul>
        <Pace onChange={(rate) => Object.assign(pace, { rate })} />
      </div>
    ),
    verb: "Run now",
  });
  if (!isSure) return false;
  const rate = pace.rate === "" ? {} : { rate: pace.rate };
  let released = 0;
  // At a rate a second thousand would run beside the first one: they are few who select so many.
  for (const part of parts) released += (await send<Outcome>("POST", PATH, { ...part, ...rate })).released;
  say(pace.rate === "" ? `${plural(released, "task")} due now` : `${plural(released, "task")} due one after the other`);
  return true;
}

function sum(outcomes: readonly Outcome[]) {
  const of = (figure: (outcome: Outcome) => number | undefined) =>
    outcomes.reduce((total, outcome) => total + (figure(outcome) ?? 0), 0);
  return {
    retry: of(({ byState }) => byState.RETRY),
    scheduled: of(({ byState }) => byState.SCHEDULED),
    held: of(({ held }) => held),
    rateLimited: of(({ rateLimited }) => rateLimited),
  };
}
