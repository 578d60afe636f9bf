// Asks the API every two seconds and shows what it says, as text nodes only.
const EVERY_MS = 2_000;

async function get(path) {
  const response = await fetch(`/api/v1${path}`, { headers: { Accept: "application/json" } });
  if (response.status === 401) location.assign("/login");
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function cell(content, className) {
  const td = document.createElement("td");
  if (className) td.className = className;
  td.append(content);
  return td;
}

function badge(state, text = state) {
  const span = document.createElement("span");
  span.className = `badge ${state.toLowerCase()}`;
  span.textContent = text;
  return span;
}

function link(href, text) {
  const a = document.createElement("a");
  a.href = href;
  a.textContent = text;
  return a;
}

function fill(id, rows, empty) {
  const body = document.querySelector(`#${id} tbody`);
  const trs = rows.map((cells) => {
    const tr = document.createElement("tr");
    tr.append(...cells);
    return tr;
  });
  if (trs.length === 0) {
    const tr = document.createElement("tr");
    const td = cell(empty, "empty");
    td.colSpan = 6;
    tr.append(td);
    trs.push(tr);
  }
  body.replaceChildren(...trs);
}

function span(ms) {
  if (ms === null || Number.isNaN(ms)) return "–";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${(ms / 3_600_000).toFixed(1)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

const time = (iso) => new Date(iso).toLocaleTimeString();
const since = (iso) => Date.now() - new Date(iso).getTime();

function timing({ cron, days, every, at, solar, timezone }) {
  const zone = timezone === "UTC" ? "" : ` ${timezone}`;
  if (cron !== undefined) return `${cron}${days === "or" ? " (either day)" : ""}${zone}`;
  if (every !== undefined) return `every ${every}`;
  return at === undefined
    ? `${solar.event} at ${solar.latitude}, ${solar.longitude}`
    : `at ${new Date(at).toLocaleString()}`;
}

/** Soonest first; what never fires stands at the top, since somebody should look at it. */
function bySlot(a, b) {
  return (Date.parse(a.nextRunAt ?? 0) || 0) - (Date.parse(b.nextRunAt ?? 0) || 0);
}

function next(schedule) {
  if (schedule.problem) return badge("INVALID");
  if (!schedule.enabled) return badge("DISABLED");
  return schedule.nextRunAt === null ? badge("NEVER") : `in ${span(Math.max(0, -since(schedule.nextRunAt)))}`;
}

async function refresh() {
  const [queues, workers, tasks, letters, schedules] = await Promise.all([
    get("/queues"),
    get("/workers"),
    get("/tasks?limit=20"),
    get("/dead-letters?limit=10"),
    // A process without the scheduler on the bus answers 503: the rest is shown all the same.
    get("/schedules").catch(() => ({ items: [] })),
  ]);
  fill(
    "queues",
    queues.items.map((queue) => [
      cell(queue.name),
      cell(String(queue.queued), "number"),
      cell(String(queue.scheduled), "number"),
      cell(String(queue.started), "number"),
      cell(span(queue.oldestMs), "number"),
      cell(badge(queue.pausedAt ? "PAUSED" : "OPEN")),
    ]),
    "No queues",
  );
  fill(
    "workers",
    workers.items.map((worker) => [
      cell(worker.id),
      cell(badge(worker.state.toUpperCase())),
      cell(`${worker.stats?.running ?? 0} / ${worker.concurrency}`, "number"),
      cell(String(worker.stats?.done ?? 0), "number"),
      cell(String(worker.stats?.failed ?? 0), "number"),
      cell(`${span(since(worker.heartbeatAt))} ago`, "number"),
    ]),
    "No worker is running: nothing will be started",
  );
  fill(
    "tasks",
    tasks.items.map((task) => [
      cell(link(`/api/v1/tasks/${encodeURIComponent(task.id)}`, task.name)),
      cell(badge(task.state)),
      cell(task.queue),
      cell(time(task.createdAt)),
      cell(
        task.startedAt && task.finishedAt ? span(new Date(task.finishedAt) - new Date(task.startedAt)) : "–",
        "number",
      ),
      cell(String(task.retries), "number"),
    ]),
    "No task yet. Open a ticket: POST /api/v1/tickets",
  );
  fill(
    "schedules",
    schedules.items
      .toSorted(bySlot)
      .map((schedule) => [
        cell(link(`/api/v1/schedules/${encodeURIComponent(schedule.name)}/history`, schedule.name)),
        cell(timing(schedule)),
        cell(next(schedule)),
        cell(schedule.lastRunAt ? `${span(since(schedule.lastRunAt))} ago` : "–"),
        cell(String(schedule.totalRunCount), "number"),
        cell(schedule.missedCount > 0 ? badge("missed", `${schedule.missedCount} missed`) : "0", "number"),
      ]),
    "No schedule: start a process with the scheduler service",
  );
  fill(
    "letters",
    letters.items.map((letter) => [
      cell(
        letter.taskId
          ? link(`/api/v1/tasks/${encodeURIComponent(letter.taskId)}`, letter.name ?? "–")
          : (letter.name ?? "raw bytes"),
      ),
      cell(`${letter.error?.code ?? ""} ${letter.error?.message ?? ""}`),
      cell(new Date(letter.createdAt).toLocaleString()),
    ]),
    "None: nothing waits for a person",
  );
  const waiting = queues.items.reduce((sum, queue) => sum + queue.queued, 0);
  const running = queues.items.reduce((sum, queue) => sum + queue.started, 0);
  document.querySelector("#summary").textContent =
    `${running} running · ${waiting} waiting · ${workers.items.length} workers · ${letters.items.length}${letters.nextCursor ? "+" : ""} dead letters`;
}

async function loop() {
  try {
    await refresh();
  } catch (error) {
    document.querySelector("#summary").textContent = `No answer (${error.message}); asking again`;
  }
  setTimeout(loop, EVERY_MS);
}

void loop();
