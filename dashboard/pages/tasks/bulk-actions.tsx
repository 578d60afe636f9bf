// What can be done to many tasks at once. Each is counted first, without doing it, and says what will become of how many.
import { ApiError, foresee, send } from "../../core/api.ts";
import { plural } from "../../core/format.ts";
import { whetherOffered } from "../../core/offers.ts";
import { confirm } from "../../parts/dialog.tsx";
import { say } from "../../parts/toast.tsx";
import { chunks } from "./chunks.ts";

const AT_ONCE = 4;

interface Revoked {
  readonly matched: number;
  readonly byState: Readonly<Record<string, number>>;
  readonly revoked: number;
  readonly requested: number;
}

interface Retried {
  readonly matched: number;
  readonly retried: readonly unknown[];
  readonly refused: readonly { readonly code: string }[];
}

/** @returns whether it was done. */
export async function revokeSelected(ids: readonly string[], terminate: boolean): Promise<boolean> {
  const parts = chunks(ids).map((chunk) => ({ ids: chunk, ...(terminate ? { terminate } : {}) }));
  return revoke(parts, { asked: ids.length, terminate });
}

/** All that fit `filter`, of which those that have ended are none. */
export async function revokeMatching(filter: object, words: string): Promise<boolean> {
  return revoke([filter], { terminate: false, words });
}

async function revoke(
  parts: readonly object[],
  { asked, terminate, words }: { readonly asked?: number; readonly terminate: boolean; readonly words?: string },
): Promise<boolean> {
  const counted = sum(
    await Promise.all(parts.map((part) => foresee<Revoked>("/control/revoke", { ...part, dryRun: true }))),
  );
  const running = counted.byState.STARTED ?? 0;
  const waiting = counted.matched - running;
  const ended = (asked ?? counted.matched) - counted.matched;
  if (counted.matched === 0) {
    say(asked === undefined ? "No unfinished task fits" : "All of them have ended already");
    return false;
  }
  const isSure = await confirm({
    title: `${terminate ? "Terminate" : "Revoke"} ${plural(counted.matched, "task")}?`,
    body: (
      <ul class="points">
        {words === undefined ? null : <li>{words}</li>}
        {waiting > 0 ? <li>{plural(waiting, "waiting task")} will never run.</li> : null}
        {running > 0 ? (
          <li>
            {plural(running, "running task")} will be asked to stop
            {terminate ? ", and ended after 10 s." : "; one that does not listen runs on."}
          </li>
        ) : null}
        {ended > 0 ? <li>{plural(ended, "task")} of your selection ended already, and stay as they are.</li> : null}
      </ul>
    ),
    verb: terminate ? "Terminate" : "Revoke",
    isDangerous: true,
  });
  if (!isSure) return false;
  let [revoked, requested] = [0, 0];
  for (const part of parts) {
    const done = await send<Revoked>("POST", "/control/revoke", part);
    revoked += done.revoked;
    requested += done.requested;
  }
  say(`${plural(revoked, "task")} revoked${requested > 0 ? `, ${requested} told to stop` : ""}`);
  return true;
}

function sum(parts: readonly Revoked[]): Pick<Revoked, "matched" | "byState"> {
  const byState: Record<string, number> = {};
  for (const [state, count] of parts.flatMap((part) => Object.entries(part.byState))) {
    byState[state] = (byState[state] ?? 0) + count;
  }
  return { byState, matched: parts.reduce((total, { matched }) => total + matched, 0) };
}

/** Runs those again that have ended. @returns whether it was done. */
export async function retrySelected(ids: readonly string[]): Promise<boolean> {
  const isOffered = await whetherOffered("POST /tasks/retry");
  const count = isOffered ? await countRetries(ids) : ids.length;
  if (count === 0) {
    say("None of them can be run again: they run yet, or were run again already");
    return false;
  }
  const left = ids.length - count;
  const isSure = await confirm({
    title: `Run ${plural(count, "task")} again?`,
    body: (
      <ul class="points">
        <li>Each becomes a new task with the same parameters, and names the old one.</li>
        {left > 0 ? (
          <li>{left} of your selection have not ended, or were run again already: they are left out.</li>
        ) : null}
      </ul>
    ),
    verb: "Run again",
  });
  if (!isSure) return false;
  const { done, refused } = isOffered ? await retryMany(ids) : await retryEach(ids);
  say(`${plural(done, "task")} accepted again${refused > 0 ? `, ${refused} refused` : ""}`);
  return true;
}

async function countRetries(ids: readonly string[]): Promise<number> {
  const counted = await Promise.all(
    chunks(ids).map((chunk) => foresee<Retried>("/tasks/retry", { ids: chunk, dryRun: true })),
  );
  return counted.reduce((total, { matched }) => total + matched, 0);
}

async function retryMany(ids: readonly string[]) {
  let [done, refused] = [0, 0];
  for (const chunk of chunks(ids)) {
    const answer = await send<Retried>("POST", "/tasks/retry", { ids: chunk });
    done += answer.retried.length;
    refused += answer.refused.length;
  }
  return { done, refused };
}

async function retryEach(ids: readonly string[]) {
  let [done, refused] = [0, 0];
  const left = [...ids];
  const work = async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      try {
        await send("POST", `/tasks/${id}/retry`);
        done += 1;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) throw error;
        refused += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { done, refused };
}
