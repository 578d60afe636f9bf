// The tasks that are loaded, newest first: a page at a time as one goes down, what is new on top, what happens to them as it
// happens. While somebody reads further down, or has rows selected, new tasks are counted and held back.
import type { ApiError } from "../../core/api.ts";
import type { TaskEvent } from "../../core/live.ts";
import type { Task } from "../../core/shapes.ts";

export const PAGE_ROWS = 100;
/** Of a list that nobody has scrolled: it may stand there for a day, and tasks come all the time. */
const MOST_UNREAD_ROWS = 1_000;
/** Changes that were told and are not in what was read yet. */
const MOST_CHANGES = 5_000;

export interface TaskPage {
  readonly items: readonly Task[];
  readonly nextCursor: string | null;
  /** A search for text looks back a stretch at a time: so far it has come. */
  readonly searchedTo?: string | null;
}

type Ask = (cursor?: string) => Promise<TaskPage>;

export class TaskList {
  items: readonly Task[] = [];
  /** Came since, and are not shown yet. */
  fresh = 0;
  /** There are more new ones than one page holds. */
  isFreshMore = false;
  /** Of the next page; null: these are all; undefined: nothing was read yet. */
  nextCursor: string | null | undefined;
  searchedTo: string | null = null;
  error: ApiError | undefined;
  #loading: Promise<void> | undefined;
  #ask: Ask;
  #onChange: () => void = () => {};
  readonly #known = new Set<string>();
  readonly #gone = new Set<string>();
  readonly #changes = new Map<string, { readonly at: number; readonly change: Partial<Task> }>();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** The last one who wants to know of changes. */
  watch(onChange: () => void): () => void {
    this.#onChange = onChange;
    return () => {
      this.#onChange = () => {};
    };
  }

  /** A task with what has been told of it since it was read. */
  current(task: Task): Task {
    const known = this.#changes.get(task.id);
    return known === undefined ? task : { ...task, ...known.change };
  }

  /** It does not fit what is asked for any more, and goes when the list is next brought up to date. */
  isGone({ id }: Task): boolean {
    return this.#gone.has(id);
  }

  /** Reads the newest again. `isHeld`: rows stay where they are. */
  async look(isHeld: boolean): Promise<void> {
    const askedAt = performance.now();
    await this.#asking(async () => {
      const page = await this.#ask();
      for (const [id, { at }] of this.#changes) if (at < askedAt) this.#changes.delete(id);
      this.#take(page, isHeld);
    });
  }

  get isLoadingMore(): boolean {
    return this.#loading !== undefined;
  }

  /** Reads the page after the last; for all who ask meanwhile once. */
  async more(): Promise<void> {
    if (!this.nextCursor) return;
    this.#loading ??= this.#asking(async () => {
      const page = await this.#ask(this.nextCursor ?? undefined);
      this.items = [...this.items, ...page.items.filter(({ id }) => !this.#known.has(id))];
      this.#end(page);
    }).finally(() => {
      this.#loading = undefined;
    });
    this.#onChange();
    await this.#loading;
    this.#onChange();
  }

  /** What the live feed tells of tasks. */
  heard(events: readonly TaskEvent[]): void {
    let isOurs = false;
    for (const event of events) {
      if (!this.#known.has(event.id)) continue;
      isOurs = true;
      this.#change(event.id, changeOf(event));
    }
    if (isOurs) this.#onChange();
  }

  /** What was asked of single tasks. */
  found(tasks: readonly (Pick<Task, "id" | "worker"> & { readonly state: string | null })[]): void {
    for (const { id, state, worker } of tasks) if (state !== null) this.#change(id, { state, worker });
    this.#onChange();
  }

  #change(id: string, change: Partial<Task>): void {
    const before = this.#changes.get(id)?.change;
    this.#changes.delete(id);
    this.#changes.set(id, { at: performance.now(), change: { ...before, ...change } });
    const [oldest] = this.#changes.keys();
    if (this.#changes.size > MOST_CHANGES && oldest !== undefined) this.#changes.delete(oldest);
  }

  #take(page: TaskPage, isHeld: boolean): void {
    const fresh = page.items.filter(({ id }) => !this.#known.has(id)).length;
    const hasRead = this.nextCursor !== undefined;
    const isApart = hasRead && this.#isApart(page);
    // Down to here it was looked at; what is not on the page is not there.
    const last = page.nextCursor ?? "";
    if (isHeld && this.items.length > 0) {
      this.fresh = fresh;
      this.isFreshMore = isApart;
      const read = new Map(page.items.map((task) => [task.id, task]));
      for (const { id } of this.items) if (id >= last && !read.has(id)) this.#gone.add(id);
      this.items = this.items.map((task) => read.get(task.id) ?? task);
      return;
    }
    this.fresh = 0;
    this.isFreshMore = false;
    const older = this.items.filter(({ id }) => id < last && !this.#gone.has(id));
    this.#gone.clear();
    // After a gap what was loaded further down would not follow on what is new.
    if (!hasRead || isApart || page.nextCursor === null) {
      this.items = page.items;
      this.#known.clear();
      this.#end(page);
    } else {
      this.items = [...page.items, ...older];
      for (const { id } of page.items) this.#known.add(id);
      this.#cut();
    }
  }

  /** What was loaded further down, or has sunk there, is read again when somebody goes down. */
  #cut(): void {
    const last = this.items[MOST_UNREAD_ROWS - 1];
    if (last === undefined || this.items.length === MOST_UNREAD_ROWS) return;
    for (const { id } of this.items.slice(MOST_UNREAD_ROWS)) this.#known.delete(id);
    this.items = this.items.slice(0, MOST_UNREAD_ROWS);
    this.nextCursor = last.id;
    if (this.searchedTo !== null) this.searchedTo = last.createdAt;
  }

  /** Between this newest page and what is loaded there is more that was not read. */
  #isApart({ items, nextCursor }: TaskPage): boolean {
    const oldest = items.at(-1)?.id;
    if (oldest === undefined || nextCursor === null || this.#known.has(oldest)) return false;
    const below = this.items.find(({ id }) => id < oldest);
    return below === undefined || below.id < nextCursor;
  }

  #end({ items, nextCursor, searchedTo }: TaskPage): void {
    for (const { id } of items) this.#known.add(id);
    this.nextCursor = nextCursor;
    this.searchedTo = searchedTo ?? null;
  }

  async #asking(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.error = undefined;
    } catch (error) {
      this.error = error as ApiError;
    }
    this.#onChange();
  }
}

function changeOf({ type, at, worker, error, progress, retryAt }: TaskEvent): Partial<Task> {
  const time = new Date(at).toISOString();
  switch (type) {
    case "started":
      return { state: "STARTED", startedAt: time, worker: worker ?? null, dueAt: null };
    case "progress":
      return progress ? { progress: { fraction: progress.fraction, message: progress.message ?? null } } : {};
    case "retried": {
      const dueAt = retryAt === undefined ? null : new Date(retryAt).toISOString();
      return { state: "RETRY", startedAt: null, worker: null, progress: null, dueAt };
    }
    case "rescued":
      return { state: "QUEUED", startedAt: null, worker: null, progress: null };
    case "succeeded":
      return { state: "SUCCESS", finishedAt: time };
    case "failed":
      return { state: "FAILURE", finishedAt: time, error: error ?? null };
    case "revoked":
      return { state: "REVOKED", finishedAt: time };
    default:
      return {};
  }
}
