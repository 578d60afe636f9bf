/**
 * Redis killed, restarted, flushed, filled up and frozen under readers that use `remember`: the source is asked once a key
 * at a time, nobody waits beyond the limit, and the cache works again by itself.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { SeededRandom } from "../../runtime/index.ts";
import { eventually } from "../support/backends.ts";
import { type CacheNode, CacheNodes } from "../support/cache-nodes.ts";
import { describeWith } from "../support/requires.ts";
import { ask } from "../support/servers/ask.ts";
import { type ServerHandle, startNats, startRedis } from "../support/servers/index.ts";
import { printTable } from "./support/storm-checker.ts";

const KEYS = 400;
const SKEW = 1.1;
const READERS = 20;
const COMPUTE_MS = 20;
/** The client's time limit for one call of the service. */
const LIMIT_MS = 500;
const LEASE_MS = 400;
/** Two calls of the service, for the lease and to fill; and between them a lease that an outage has left without holder. */
const LONGEST_MS = 2 * LIMIT_MS + LEASE_MS + COMPUTE_MS;
/** For a busy machine: readers, services and the test share two cores. Times when this process stood still are not counted. */
const SLACK_MS = 1_000;
const STILL_MS = 100;
const FILLER = "x".repeat(8_192);

interface Phase {
  readonly name: string;
  readonly waits: number[];
  computed: number;
  failed: number;
  /** The most computes of one key at a time. */
  mostAtOnce: number;
  ms: number;
}

describeWith(["nats", "redis"], "when Redis is away", () => {
  let nats: ServerHandle;
  let redis: ServerHandle;
  const nodes = new CacheNodes();
  beforeAll(async () => {
    [nats, redis] = await Promise.all([startNats(), startRedis()]);
  }, 400_000);
  afterAll(async () => {
    await nodes.close();
    await Promise.all([nats.stop(), redis.stop()]);
  }, 400_000);

  test("the source is asked once a key at a time, nobody waits long, and the cache comes back", async () => {
    const server = await nodes.start({ natsUrl: nats.url, redisUrl: redis.url, nodeID: "cache" });
    const users = [server];
    for (const nodeID of ["user-1", "user-2"])
      users.push(await nodes.start({ natsUrl: nats.url, serves: false, nodeID }));
    for (const { cache } of users) await eventually(() => cache.set("there?", 1));

    const load = new Load(users.slice(1));
    const back: (readonly [string, string])[] = [];
    const isBack = async (after: string) => {
      const from = performance.now();
      await eventually(() => works(server));
      back.push([`cached again after ${after}`, `${Math.round(performance.now() - from)} ms`]);
    };

    const play = async () => {
      await load.phase("warm up", () => sleep(2_000));
      await load.phase("in order", () => sleep(2_000));
      await load.phase("killed", async () => {
        await redis.kill("SIGKILL");
        await sleep(3_000);
      });
      await load.phase("restarted, empty", async () => {
        await redis.restart();
        await isBack("a restart");
        await sleep(2_000);
      });
      await load.phase("flushed five times", async () => {
        for (let n = 0; n < 5; n++) {
          await command("FLUSHALL");
          await sleep(400);
        }
      });
      await load.phase("out of memory", async () => {
        await command("CONFIG SET maxmemory-policy noeviction");
        await command("CONFIG SET maxmemory 2mb");
        await sleep(3_000);
      });
      await load.phase("given memory", async () => {
        await command("CONFIG SET maxmemory 0");
        await isBack("memory");
        await sleep(1_500);
      });
      await load.phase("frozen for 1 s", async () => {
        await redis.kill("SIGSTOP");
        await sleep(1_000);
        await redis.kill("SIGCONT");
      });
      await load.phase("thawed", async () => {
        await isBack("a freeze");
        await sleep(2_000);
      });
      load.stop();
    };
    try {
      await Promise.all([play(), load.run()]);
    } finally {
      load.stop();
      for (const phase of load.phases) printTable(phase.name, rowsOf(phase));
      if (back.length > 0) printTable("afterwards", back);
    }
    for (const { failed, waits, mostAtOnce, name } of load.phases) {
      expect({ name, failed }).toEqual({ name, failed: 0 });
      expect({ name, tooLong: waits.filter((ms) => ms > LONGEST_MS + SLACK_MS) }).toEqual({ name, tooLong: [] });
      expect({ name, mostAtOnce }).toEqual({ name, mostAtOnce: 1 });
      expect(waits.length).toBeGreaterThan(READERS);
    }
    const [, inOrder] = load.phases;
    const last = load.phases.at(-1);
    expect(sharePerRead(last)).toBeLessThan(2 * sharePerRead(inOrder) + 0.05);
  }, 300_000);

  async function command(text: string): Promise<void> {
    const answer = await ask(redis.port, `${text}\r\n`, (received) => received.includes("\r\n"));
    if (!answer.toString().startsWith("+OK")) throw new Error(`${text}: ${answer}`);
  }

  async function works({ cache }: CacheNode): Promise<boolean> {
    return (await cache.set("works?", 1, { ttl: "1m" })) && (await cache.get("works?")) === 1;
  }
});

/** Readers who each ask for one key after the other, a few keys much more often than the rest. */
class Load {
  readonly phases: Phase[] = [];
  readonly #nodes: readonly CacheNode[];
  readonly #random = new SeededRandom(11);
  readonly #cumulated: number[] = [];
  readonly #computing = new Map<string, number>();
  #isOver = false;
  /** How long this process has stood still, which none of the services did to it; and when last. */
  #stillMs = 0;
  #stoodStillAt = Number.NEGATIVE_INFINITY;
  #pulseAt = performance.now();

  constructor(nodes: readonly CacheNode[]) {
    this.#nodes = nodes;
    let sum = 0;
    for (let rank = 1; rank <= KEYS; rank++) {
      sum += 1 / rank ** SKEW;
      this.#cumulated.push(sum);
    }
  }

  async run(): Promise<void> {
    const pulse = setInterval(() => {
      const now = performance.now();
      if (now - this.#pulseAt > STILL_MS) {
        this.#stillMs += now - this.#pulseAt;
        this.#stoodStillAt = now;
      }
      this.#pulseAt = now;
    }, 10);
    await Promise.all(
      Array.from({ length: READERS }, async (_, reader) => {
        while (!this.#isOver) await this.#read(this.#nodes[reader % this.#nodes.length] as CacheNode);
      }),
    ).finally(() => clearInterval(pulse));
  }

  async phase(name: string, work: () => Promise<unknown>): Promise<void> {
    const phase: Phase = { name, waits: [], computed: 0, failed: 0, mostAtOnce: 1, ms: 0 };
    this.phases.push(phase);
    const began = performance.now();
    await work();
    phase.ms = performance.now() - began;
  }

  stop(): void {
    this.#isOver = true;
  }

  async #read({ cache }: CacheNode): Promise<void> {
    const key = `row:${this.#draw()}`;
    const [began, still] = [performance.now(), this.#stillMs];
    const phase = this.phases.at(-1) as Phase;
    try {
      const value = await cache.remember(key, { ttl: "1s", leaseFor: LEASE_MS }, () => this.#compute(key));
      if (value.key !== key) phase.failed++;
    } catch {
      phase.failed++;
    }
    phase.waits.push(performance.now() - began - (this.#stillMs - still));
    await sleep(1);
  }

  async #compute(key: string): Promise<{ key: string; filler: string }> {
    const atOnce = (this.#computing.get(key) ?? 0) + 1;
    this.#computing.set(key, atOnce);
    const phase = this.phases.at(-1) as Phase;
    phase.computed++;
    if (this.#isCalm()) phase.mostAtOnce = Math.max(phase.mostAtOnce, atOnce);
    await sleep(COMPUTE_MS);
    this.#computing.set(key, (this.#computing.get(key) ?? 1) - 1);
    return { key, filler: FILLER };
  }

  /** In a process that stood still leases end, and who has waited too long computes alone: two at once are meant then. */
  #isCalm(): boolean {
    const now = performance.now();
    return now - this.#pulseAt < STILL_MS && now - this.#stoodStillAt > 2 * LIMIT_MS;
  }

  #draw(): number {
    const at = this.#random.fraction() * (this.#cumulated.at(-1) ?? 0);
    return this.#cumulated.findIndex((sum) => sum > at);
  }
}

function rowsOf({ waits, computed, mostAtOnce, ms }: Phase): (readonly [string, string | number])[] {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number) => `${(sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1)} ms`;
  return [
    ["reads", `${waits.length} in ${(ms / 1_000).toFixed(1)} s`],
    ["source calls", `${computed} (${((100 * computed) / waits.length).toFixed(1)} % of reads)`],
    ["computes of one key at once, at most", mostAtOnce],
    ["a read took, p50 / p99 / max", `${at(0.5)} / ${at(0.99)} / ${at(1)}`],
  ];
}

function sharePerRead(phase: Phase | undefined): number {
  return phase === undefined ? 1 : phase.computed / phase.waits.length;
}
