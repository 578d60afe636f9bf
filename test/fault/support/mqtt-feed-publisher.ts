/** A publisher of the change feed as a process of its own, to be frozen and killed. Says twice a second how it is. */
import { openPostgres } from "../../../database/index.ts";
import { SystemClock, SystemRandom } from "../../../runtime/index.ts";
import { Feed } from "../../../services/mqtt/feed/index.ts";

const { FEED_DATABASE = "", FEED_BROKER = "" } = process.env;
const feed = new Feed({
  database: openPostgres({ url: FEED_DATABASE }),
  url: FEED_BROKER,
  parts: { clock: new SystemClock(), random: new SystemRandom() },
  log: { info() {}, warn() {} },
});
await feed.start();
setInterval(() => process.stdout.write(`${JSON.stringify(feed.stats())}\n`), 500);
