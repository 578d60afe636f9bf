// `apium mqtt`: the broker's connection, what waits for it, what devices sent. It is what one of the processes that run the
// service knows; the backlog is everybody's.
import type { Command } from "commander";
import type { Answer, Client } from "../client.ts";
import { bad, facts, good, type Output, odd } from "../output.ts";

export function mqttCommand(program: Command, client: () => Client, output: Output): void {
  program
    .command("mqtt")
    .description("the change feed's backlog, the connection to the broker, what devices sent")
    .action(async () => output.show(await client().get("/mqtt"), mqttText));
}

function mqttText({ connection, hearsDevices, embedded, outbox, feed, devices }: Answer): string {
  const oldest = outbox.oldestMs === null ? "" : `, the oldest for ${Math.round(outbox.oldestMs / 1_000)} s`;
  const refused = Object.entries(devices.refused).map(([why, count]) => odd(`${count} ${why}`));
  return facts([
    ["connection", connection === "connected" ? good(connection) : bad(connection)],
    ["broker", embedded === null ? undefined : `its own, ${embedded}`],
    ["hears devices", hearsDevices ? "yes" : "no"],
    ["outbox", `${outbox.waiting} wait${oldest}`],
    ["feed", feed === null ? null : feed.isPublishing ? good("publishes") : "does not publish here"],
    ["announced", feed === null ? undefined : `${feed.changes} changes in ${feed.announced} messages`],
    ["too large", feed?.truncated || undefined],
    ["in vain", feed?.trimmed ? bad(`${feed.trimmed} changes that nobody heard within a week`) : undefined],
    ["failures", feed?.failures ? odd(String(feed.failures)) : undefined],
    ["of devices", `${devices.received} received`],
    ["refused", refused.length === 0 ? undefined : refused.join(", ")],
  ]);
}
