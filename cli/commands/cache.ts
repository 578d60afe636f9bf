// `apium cache …`: what redis-cli was used for, one named cache at a time, and never a FLUSHALL.
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Answer, Client } from "../client.ts";
import { confirm } from "../confirmed.ts";
import { bad, dim, good, type Output, odd, table } from "../output.ts";

interface Where {
  readonly cache: string;
  readonly keyVersion?: number;
}

export function cacheCommands(program: Command, client: () => Client, output: Output): void {
  const cache = program.command("cache").description("the named caches: look, change, empty, watch");

  cache
    .command("stats", { isDefault: true })
    .description("hits, misses, latency and memory of every cache")
    .action(async () => output.show(await client().get("/cache"), statsText));

  within(cache.command("keys [pattern]"))
    .description("keys that fit a glob; default all")
    .option("-l, --limit <n>", "how many", "100")
    .option("--cursor <cursor>", "where the last page ended")
    .action(async (pattern, { limit, cursor, ...where }) => {
      const page = await client().get("/cache/keys", { ...whereOf(where), pattern, limit, cursor });
      output.show(page, ({ items, nextCursor }) =>
        [
          ...(items.length === 0 ? [dim("none")] : items),
          ...(nextCursor ? [dim(`more: --cursor ${nextCursor}`)] : []),
        ].join("\n"),
      );
    });

  within(cache.command("get <key>"))
    .description("one value")
    .action(async (key, where) =>
      output.show(await client().get(at(key), whereOf(where)), ({ found, value }) =>
        found ? JSON.stringify(value, null, 2) : odd("there is none"),
      ),
    );

  within(cache.command("set <key> <json>"))
    .description("store a value")
    .option("--ttl <duration>", "how long; `none` for ever; default the cache's")
    .option("--nx", "only when it is not there")
    .option("--xx", "only when it is there")
    .option("--tag <tag...>", "names for invalidation")
    .action(async (key, json, { ttl, nx, xx, tag, ...where }) => {
      const body = { ...whereOf(where), key, value: jsonOf(json), ...ttlOf(ttl), ...given({ nx, xx, tags: tag }) };
      output.show(await client().send("POST", "/cache/keys", body), ({ stored }) =>
        stored ? good("stored") : odd("not stored"),
      );
    });

  within(cache.command("delete <key>"))
    .description("delete one key")
    .action(async (key, where) =>
      output.show(await client().send("DELETE", `${at(key)}${queryOf(whereOf(where))}`), deletedText),
    );

  within(cache.command("ttl <key>"))
    .description("how long a key is kept")
    .action(async (key, where) =>
      output.show(await client().get(`${at(key)}/ttl`, whereOf(where)), ({ found, ttlMs }) =>
        found ? (ttlMs === null ? "for ever" : `${(ttlMs / 1_000).toFixed(1)} s`) : odd("there is none"),
      ),
    );

  within(cache.command("expire <key> <ttl>"))
    .description("give a key a new ttl; `none` keeps it for ever")
    .action(async (key, ttl, where) =>
      output.show(await client().send("POST", `${at(key)}/expire`, { ...whereOf(where), ...ttlOf(ttl) }), (answer) =>
        JSON.stringify(answer),
      ),
    );

  within(cache.command("incr <key> [by]"))
    .description("add to a number; a negative one takes away")
    .action(async (key, by, where) =>
      output.show(
        await client().send("POST", `${at(key)}/incr`, { ...whereOf(where), ...given({ by: byOf(by) }) }),
        ({ value }) => String(value),
      ),
    );

  within(cache.command("delete-pattern <pattern>"))
    .description("delete the keys that fit a glob")
    .option("--dry-run", "only count them")
    .action(async (pattern, { dryRun, ...where }) => {
      const body = { ...whereOf(where), ...given({ pattern, dryRun }) };
      output.show(await client().send("POST", "/cache/delete-pattern", body), deletedText);
    });

  within(cache.command("invalidate-tags <tags...>"))
    .description("delete the keys that carry one of the tags")
    .option("--dry-run", "only count them")
    .action(async (tags, { dryRun, ...where }) => {
      const body = { ...whereOf(where), ...given({ tags, dryRun }) };
      output.show(await client().send("POST", "/cache/invalidate-tags", body), deletedText);
    });

  cache
    .command("clear <cache>")
    .description("empty one named cache; others on the same server stay; --yes says that you mean it")
    .option("--dry-run", "only count its keys")
    .option("--yes", "do it")
    .action(async (name, { dryRun, yes }) => {
      confirm({ yes, dryRun }, `deletes every key of the cache ${name}`);
      output.show(await client().send("POST", "/cache/clear", given({ cache: name, dryRun })), deletedText);
    });

  cache
    .command("monitor")
    .description("commands as they come, without values; ends with Ctrl-C")
    .addOption(new Option("--cache <name>", "of one cache"))
    .option("--for <seconds>", "end after so long", wholeNumber, 600)
    .action(async (options) => monitor(client(), options, output));
}

function within(command: Command): Command {
  return command
    .option("--cache <name>", "which cache", "default")
    .option("--key-version <n>", "of which version", wholeNumber);
}

function whereOf({ cache, keyVersion }: Where): Readonly<Record<string, unknown>> {
  return { cache, ...(keyVersion === undefined ? {} : { version: keyVersion }) };
}

const LOOK_EVERY_MS = 500;
const LOOK_BACK = 500;

async function monitor(client: Client, options: { cache?: string; for: number }, output: Output): Promise<void> {
  await client.send("POST", "/cache/watch", { seconds: Math.min(options.for, 600) });
  const until = Date.now() + options.for * 1_000;
  let seen = "";
  while (Date.now() < until) {
    const { items } = await client.get("/cache/monitor", { cache: options.cache, limit: LOOK_BACK });
    const fresh = items.filter(({ at: when }: Answer) => when > seen);
    if (fresh.length > 0) {
      seen = fresh.at(-1).at;
      output.show(fresh, (commands) => commands.map(commandText).join("\n"));
    }
    await sleep(LOOK_EVERY_MS);
  }
}

function commandText({ at: when, cache, action, key, outcome, ms, caller }: Answer): string {
  const mark = outcome === "miss" ? odd("miss") : outcome === "error" ? bad("error") : dim(outcome ?? "");
  return `${String(when).slice(11, 23)}  ${cache}  ${action.padEnd(14)} ${key ?? ""}  ${mark}  ${dim(`${ms} ms  ${caller ?? ""}`)}`;
}

function statsText({ items }: Answer): string {
  return table(
    [
      "CACHE",
      "STORE",
      "HITS",
      "MISSES",
      "RATIO",
      "SETS",
      "DELETES",
      "ERRORS",
      "DROPPED",
      "P50 / P99 MS",
      "ENTRIES",
      "MEMORY",
    ],
    items.map((one: Answer) => [
      one.cache,
      `${one.store}${one.connected ? "" : bad(" away")}`,
      one.hits,
      one.misses,
      one.hits + one.misses === 0 ? null : `${Math.round((100 * one.hits) / (one.hits + one.misses))} %`,
      one.sets,
      one.deletes,
      one.errors > 0 ? bad(String(one.errors)) : 0,
      one.dropped > 0 ? odd(String(one.dropped)) : 0,
      one.latency === null ? null : `${one.latency.p50} / ${one.latency.p99}`,
      one.entries,
      one.memoryBytes === undefined || one.memoryBytes === null
        ? null
        : `${(one.memoryBytes / 1_048_576).toFixed(1)} MB`,
    ]),
  );
}

function deletedText({ deleted, matched, dryRun }: Answer): string {
  if (dryRun === true) return `${matched} keys found; ${odd("nothing was done")}`;
  return deleted === 0 ? odd("nothing was there") : `${deleted} deleted`;
}

function at(key: string): string {
  return `/cache/keys/${encodeURIComponent(key)}`;
}

function queryOf(where: object): string {
  return `?${new URLSearchParams(Object.fromEntries(Object.entries(where).map(([name, value]) => [name, String(value)])))}`;
}

function ttlOf(ttl: string | undefined): object {
  return ttl === undefined ? {} : { ttl: ttl === "none" ? null : ttl };
}

function given(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function byOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError("The value must be JSON; a text stands in double quotes.");
  }
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}
