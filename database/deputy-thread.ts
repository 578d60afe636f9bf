// The deputy's thread: looks twice a second whether its owner keeps up. Only when it must act does it load the driver
// and connect; when its owner is back it disconnects.
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { Client } from "pg";
import { ageOf, type DeputyOrders, sign } from "./deputy-protocol.ts";

const LOOK_EVERY_MS = 500;
const TIMEOUT_MS = 2_000;

const { url, duty, signs } = workerData as DeputyOrders;
let client: Client | undefined;
let isRefused = false;

for (;;) {
  await sleep(LOOK_EVERY_MS);
  const isOwnersTurn = ageOf(signs, "owner") < duty.afterMs || ageOf(signs, "alive") > duty.untilMs;
  if (isOwnersTurn) disconnect();
  else if (ageOf(signs, "deputy") >= duty.afterMs) await act().catch(disconnect);
}

async function act(): Promise<void> {
  const asked = process.hrtime.bigint();
  client ??= await connect();
  const { rowCount } = await client.query(duty.statement.text, [...duty.parameters]);
  if (rowCount !== 0) return sign(signs, "deputy", asked);
  if (!isRefused) parentPort?.postMessage("refused");
  isRefused = true;
}

async function connect(): Promise<Client> {
  const { default: pg } = await import("pg");
  const made = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    application_name: "apium-deputy",
    options: "-c synchronous_commit=off",
  });
  made.on("error", () => {
    if (client === made) client = undefined;
  });
  try {
    await made.connect();
    return made;
  } catch (error) {
    made.end().catch(() => {});
    throw error;
  }
}

function disconnect(): void {
  client?.end().catch(() => {});
  client = undefined;
  isRefused = false;
}
