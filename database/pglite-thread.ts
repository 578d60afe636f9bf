// The thread PGlite lives in. PGlite runs on the thread that calls it and would stop the event loop for as long as a
// statement takes; here it stops nobody. Requests are answered strictly in the order they come.
import { parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";
import type { ThreadData, ThreadReply, ThreadRequest } from "./pglite-protocol.ts";

const port = parentPort;
if (port === null) throw new Error("pglite-thread.ts is a worker thread, not a program");

const parsers = { 20: Number, 1700: Number, 1082: String, 1114: (text: string) => new Date(`${text}Z`) };
const listening = new Map<string, () => Promise<void>>();

const { dataDir, sharedBuffersMb } = workerData as ThreadData;
const startParams = [...PGlite.defaultStartParams, "-c", `shared_buffers=${sharedBuffersMb}MB`];
const opened = PGlite.create({ dataDir, parsers, startParams });
opened.then(
  () => port.postMessage({ kind: "ready" } satisfies ThreadReply),
  (error: Error) => port.postMessage({ kind: "broken", message: error.message } satisfies ThreadReply),
);

/** PGlite is one connection; its planner is switched when the kind of statement changes. */
let plannerIsHot = false;
const PLANS = ["hashjoin", "mergejoin", "seqscan", "bitmapscan", "material"];

async function setPlanner(db: PGlite, hot: boolean): Promise<void> {
  plannerIsHot = hot;
  await db.exec(PLANS.map((plan) => `set enable_${plan} = ${hot ? "off" : "on"}`).join("; "));
}

let chain: Promise<void> = Promise.resolve();
port.on("message", (request: ThreadRequest) => {
  chain = chain.then(() => answer(request));
});

async function answer(request: ThreadRequest): Promise<void> {
  try {
    const db = await opened;
    switch (request.kind) {
      case "query": {
        if (request.hot !== plannerIsHot) await setPlanner(db, request.hot);
        const result = await db.query(request.text, request.parameters as unknown[]);
        const affected = result.affectedRows ?? result.rows.length;
        return post({ kind: "result", id: request.id, rows: result.rows, affected });
      }
      case "script":
        await db.exec(request.text);
        return post({ kind: "result", id: request.id, rows: [], affected: 0 });
      case "listen":
        listening.set(
          request.channel,
          await db.listen(request.channel, (payload) =>
            post({ kind: "notification", channel: request.channel, payload }),
          ),
        );
        return post({ kind: "result", id: request.id, rows: [], affected: 0 });
      case "unlisten":
        await listening.get(request.channel)?.();
        listening.delete(request.channel);
        return post({ kind: "result", id: request.id, rows: [], affected: 0 });
      case "close":
        await db.close();
        return post({ kind: "result", id: request.id, rows: [], affected: 0 });
    }
  } catch (error) {
    const { message, code, detail, constraint } = error as {
      message: string;
      code?: string;
      detail?: string;
      constraint?: string;
    };
    post({ kind: "error", id: request.id, message, code, detail, constraint });
  }
}

function post(reply: ThreadReply): void {
  port?.postMessage(reply);
}
