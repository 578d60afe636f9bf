/** One measure of one system, in a process of its own. Prints its numbers as the last line. */
import { MEASURES } from "./measures.ts";
import { SYSTEMS } from "./systems/index.ts";

const [systemName = "", measureName = "", sizes = "{}"] = process.argv.slice(2);
const system = SYSTEMS[systemName];
const measure = MEASURES[measureName];
if (system === undefined || measure === undefined) throw new Error(`no ${systemName} or ${measureName}`);
const { DATABASE_URL = "", REDIS_URL = "", NATS_URL = "" } = process.env;
const opened = await system.open({ databaseUrl: DATABASE_URL, redisUrl: REDIS_URL, natsUrl: NATS_URL });
const numbers = await measure(opened, JSON.parse(sizes));
console.log(`\n${JSON.stringify(numbers)}`);
const leave = setTimeout(() => process.exit(0), 3_000);
await opened.stop().catch(() => {});
clearTimeout(leave);
process.exit(0);
