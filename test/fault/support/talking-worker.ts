/** A worker as a process of its own, to be killed: its one task says a line every 20 ms and never ends. */
import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres } from "../../../database/index.ts";
import { PostgresQueue, Runtime } from "../../../runtime/index.ts";
import { TALKER, talkOn } from "./talk-on.ts";

const database = openPostgres({ url: process.env.TALK_DATABASE ?? "", applicationName: TALKER });
const runtime = new Runtime({
  database,
  queue: (parts, expect) => new PostgresQueue(database, parts, expect),
});
runtime.handle({
  task: talkOn,
  async run(_params, { log }) {
    for (let n = 1; ; n++) {
      log.info(`word ${n}`);
      await sleep(20);
    }
  },
});
await runtime.start();
