/**
 * A system at work with trouble in it, for the dashboard's pages to be looked at: a paused queue with a backlog in its lanes,
 * tasks that failed, that are tried again and that wait for their children, letters, tokens, keys. Its pictures are in docs/dashboard.md.
 */
import { eventually } from "./backends.ts";
import type { client } from "./programs.ts";

export interface Scene {
  /** Sent, as the mail of a ticket. */
  readonly mailed: string;
  /** Failed at its third attempt. */
  readonly failed: string;
  /** Fails, and is tried again in a while. */
  readonly retried: string;
  /** Split into children, of which some are done and some wait. */
  readonly parent: string;
  readonly letter: string;
  readonly worker: string;
  readonly schedule: string;
}

/** Nothing else uses it here: other tests go on beside it. */
export const PAUSED_QUEUE = "external_api";
const PATIENCE_MS = 180_000;
/** More rows than a column can number: PostgreSQL refuses it at each attempt. */
const REFUSED_CHUNK = { datasetId: 1, start: 0, end: 4_000_000_000 };

export async function setScene(api: ReturnType<typeof client>): Promise<Scene> {
  const enqueue = async (name: string, params: object, options: object = {}) =>
    String((await api.post("/tasks", { name, params, options })).body.id);
  const mail = (ticketId: number, options: object) =>
    enqueue("send_ticket_email", { ticketId, event: "created" }, options);
  const until = (id: string, state: string) =>
    eventually(async () => (await api.get(`/tasks/${id}`)).body.state === state, PATIENCE_MS);

  for (const [name, role] of [
    ["Grafana", "viewer"],
    ["Night shift", "operator"],
  ])
    await api.post("/accounts/tokens", { name, role });
  for (let site = 1; site <= 4; site += 1)
    for (let asset = 1; asset <= 6; asset += 1)
      await api.post("/cache/keys", { key: `site:${site}:asset:${asset}`, value: { state: "WORKING" }, ttl: "1h" });

  const { body: ticket } = await api.post("/tickets", {
    ...{ siteId: 1, description: "Lift 2 is stuck", priority: "HIGH", assignedToPersonId: 1 },
  });
  const mailed = String(ticket.emailTaskId);
  await until(mailed, "SUCCESS");
  for (const id of [await mail(987_654, {}), await mail(987_655, {})]) await until(id, "FAILURE");

  await api.post(`/queues/${PAUSED_QUEUE}/pause`);
  for (const [priority, count] of [
    [9, 3],
    [5, 9],
    [1, 4],
  ] as const)
    for (let n = 0; n < count; n += 1) await mail(1, { priority, queue: PAUSED_QUEUE });
  for (const countdown of ["20m", "3h"]) await mail(1, { countdown });

  const failed = await enqueue("process_chunk", REFUSED_CHUNK, { maxRetries: 2, retryDelay: "100ms", backoff: false });
  const retried = await enqueue("process_chunk", REFUSED_CHUNK, { maxRetries: 5, retryDelay: "90m" });
  await until(failed, "FAILURE");
  await until(retried, "RETRY");

  const { body: dataset } = await api.post("/datasets", {
    name: "meters",
    rows: Array.from({ length: 60 }, (_, n) => n),
  });
  const split = () => enqueue("process_large_dataset", { datasetId: dataset.id, chunkSize: 10 });
  await until(await split(), "SUCCESS");
  await api.post("/control/pause", { task: "process_chunk" });
  const parent = await split();
  await until(parent, "WAITING");

  const schedule = "mail_of_the_week";
  await api.post("/schedules", {
    ...{ name: schedule, task: "send_ticket_email", cron: "30 6 * * mon", timezone: "Asia/Kolkata" },
    ...{ params: { ticketId: 1, event: "created" }, description: "What is open, on Monday before the shift begins" },
  });

  const { body: letters } = await api.get("/dead-letters?name=send_ticket_email");
  const [letter] = letters.items as { id: string }[];
  const { body: workers } = await api.get("/workers");
  const [worker] = workers.items as { id: string }[];
  return { mailed, failed, retried, parent, letter: letter?.id ?? "", worker: worker?.id ?? "", schedule };
}
