// Running dead letters again, and putting them away: some, or all that fit. Counted first, and said how many.
import { ApiError, foresee, send } from "../../core/api.ts";
import { plural } from "../../core/format.ts";
import { whetherOffered } from "../../core/offers.ts";
import { confirm } from "../../parts/dialog.tsx";
import { Pace } from "../../parts/pace.tsx";
import { say } from "../../parts/toast.tsx";

/** Of one call. */
const MOST_IDS = 1_000;
const AT_ONCE = 4;

/** Some by their ids; or all that fit, of which `ids` are those that are loaded. */
export interface Meant {
  readonly ids: readonly string[];
  readonly filter?: object;
}

interface Answer {
  readonly matched: number;
  readonly byName: Readonly<Record<string, number>>;
  readonly requeued?: readonly string[];
  readonly refused?: readonly unknown[];
  readonly dismissed?: number;
  readonly left?: number;
}

/** @returns whether it was done. */
export async function requeueLetters(meant: Meant): Promise<boolean> {
  const isMany = await whetherOffered("POST /dead-letters/requeue", "ids");
  const parts = isMany ? partsOf(meant) : [];
  const { count, byName } = isMany ? await counted("requeue", parts) : { count: meant.ids.length, byName: {} };
  if (count === 0) return none();
  const pace = { rate: "" };
  const isSure = await confirm({
    title: `Run ${plural(count, "dead letter")} again?`,
    body: (
      <div class="points-and-fields">
        <ul class="points">
          <li>Each becomes a new task with the parameters it had, and is handled by that.</li>
          <ByName byName={byName} />
        </ul>
        {isMany ? <Pace onChange={(rate) => Object.assign(pace, { rate })} /> : null}
      </div>
    ),
    verb: "Run again",
  });
  if (!isSure) return false;
  const { done, refused } = isMany ? await requeueMany(parts, pace.rate) : await each(meant.ids, "requeue");
  say(`${plural(done, "task")} accepted again${refused > 0 ? `; ${refused} refused, which stay here` : ""}`);
  return true;
}

/** @returns whether it was done. */
export async function dismissLetters(meant: Meant): Promise<boolean> {
  const isMany = await whetherOffered("POST /dead-letters/dismiss");
  const parts = isMany ? partsOf(meant) : [];
  const { count, byName } = isMany ? await counted("dismiss", parts) : { count: meant.ids.length, byName: {} };
  if (count === 0) return none();
  const isSure = await confirm({
    title: `Dismiss ${plural(count, "dead letter")}?`,
    body: (
      <ul class="points">
        <li>They count as handled, and nothing is run. They stay to be read among the handled ones.</li>
        <ByName byName={byName} />
      </ul>
    ),
    verb: "Dismiss",
    isDangerous: true,
  });
  if (!isSure) return false;
  let done = 0;
  for (const part of parts) done += (await send<Answer>("POST", "/dead-letters/dismiss", part)).dismissed ?? 0;
  if (!isMany) done = (await each(meant.ids, "dismiss")).done;
  say(`${plural(done, "dead letter")} dismissed`);
  return true;
}

function none(): boolean {
  say("None of them is open any more");
  return false;
}

function ByName({ byName }: { byName: Readonly<Record<string, number>> }) {
  const names = Object.entries(byName).sort(([, a], [, b]) => b - a);
  if (names.length < 2) return null;
  return (
    <li>
      {names
        .slice(0, 6)
        .map(([name, count]) => `${count} ${name}`)
        .join(", ")}
      {names.length > 6 ? " and others" : ""}
    </li>
  );
}

function partsOf({ ids, filter }: Meant): readonly object[] {
  if (filter !== undefined) return [Object.keys(filter).length === 0 ? { all: true } : filter];
  return Array.from({ length: Math.ceil(ids.length / MOST_IDS) }, (_, index) => ({
    ids: ids.slice(index * MOST_IDS, (index + 1) * MOST_IDS),
  }));
}

async function counted(what: "requeue" | "dismiss", parts: readonly object[]) {
  const answers = await Promise.all(
    parts.map((part) => foresee<Answer>(`/dead-letters/${what}`, { ...forPath(what, part), dryRun: true })),
  );
  const byName: Record<string, number> = {};
  for (const [name, count] of answers.flatMap((answer) => Object.entries(answer.byName))) {
    byName[name] = (byName[name] ?? 0) + count;
  }
  return { count: answers.reduce((total, { matched }) => total + matched, 0), byName };
}

/** Requeueing means all where nothing is named; dismissing wants to be told so. */
function forPath(what: "requeue" | "dismiss", part: object): object {
  const { all: _all, ...named } = part as { readonly all?: true };
  return what === "requeue" ? named : part;
}

async function requeueMany(parts: readonly object[], rate: string) {
  let [done, refused] = [0, 0];
  for (const part of parts) {
    for (let left = 1; left > 0; ) {
      const body = { ...forPath("requeue", part), ...(rate === "" ? {} : { rate }) };
      const answer = await send<Answer>("POST", "/dead-letters/requeue", body);
      done += answer.requeued?.length ?? 0;
      refused += answer.refused?.length ?? 0;
      // At a rate a second thousand would run beside the first one.
      left = rate === "" && (answer.requeued?.length ?? 0) > 0 ? (answer.left ?? 0) : 0;
    }
  }
  return { done, refused };
}

async function each(ids: readonly string[], what: "requeue" | "dismiss") {
  let [done, refused] = [0, 0];
  const left = [...ids];
  const work = async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      try {
        await send("POST", `/dead-letters/${id}/${what}`, what === "requeue" ? {} : undefined);
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
