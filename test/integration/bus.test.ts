/** Calls between processes when one of them is killed, frozen or told to stop: what is asked elsewhere, and how soon. */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ServiceBroker } from "moleculer";
import { brokerOptions } from "../../moleculer.config.ts";
import { eventually } from "../support/backends.ts";
import { bareEnvironment } from "../support/bare-environment.ts";
import { describeWith } from "../support/requires.ts";
import { type ServerHandle, startNats } from "../support/servers/index.ts";

const PROGRAM = fileURLToPath(new URL("../support/bus-process.ts", import.meta.url));
/** The calling process takes nobody for dead because this machine stood still. */
const HEARTBEAT_TIMEOUT_S = 300;
/** Without a word from NATS a call to a dead process waits for its whole time, which is thirty seconds. */
const AT_ONCE_MS = 25_000;
/** As long as a call waits that somebody else is to end. */
const LONG_MS = 25_000;

interface Shop {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  readonly said: () => string;
  readonly asked: () => number;
}

describeWith(["nats"], "two processes with the same service, and one that calls it", () => {
  let nats: ServerHandle;
  let broker: ServiceBroker;
  let shops: Shop[];
  const cleanups: (() => unknown)[] = [];

  function openShop(): Shop {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", PROGRAM], {
      env: { ...bareEnvironment(), BUS_NATS_URL: nats.url },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    cleanups.push(() => {
      child.kill("SIGKILL");
      return exited;
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    return { child, exited, said: () => said, asked: () => said.split("asked").length - 1 };
  }
  const call = (ms = 0, options: object = {}) => broker.call("shop.ask", { ms }, options) as Promise<number>;
  const [first, second] = [() => shops[0] as Shop, () => shops[1] as Shop];
  /** Calls until the first process has one of the calls under way. */
  const untilFirstIsAsked = async (ms: number, options: object = {}): Promise<Promise<number>[]> => {
    const calls: Promise<number>[] = [];
    const before = first().asked();
    await eventually(async () => {
      if (first().asked() > before) return true;
      calls.push(call(ms, options));
      await sleep(50);
      return first().asked() > before;
    }, 180_000);
    return calls;
  };

  beforeEach(async () => {
    nats = await startNats();
    cleanups.push(() => nats.stop());
    const options = brokerOptions({ NATS_URL: nats.url, LOG_LEVEL: "fatal" });
    broker = new ServiceBroker({ ...options, logger: false, heartbeatTimeout: HEARTBEAT_TIMEOUT_S });
    await broker.start();
    cleanups.push(() => broker.stop());
    shops = [openShop(), openShop()];
    await eventually(async () => shops.every(({ said }) => said().includes("ready")), 240_000);
    const pids: number[] = [];
    await eventually(async () => {
      pids.push(await call());
      return new Set(pids).size === 2;
    }, 120_000);
    // What a process says of a call may come after its answer.
    await eventually(async () => first().asked() + second().asked() === pids.length);
  }, 400_000);
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  }, 400_000);

  test("a call to one that was killed reaches the other at once, also one that changes something", async () => {
    first().child.kill("SIGKILL");
    await first().exited;
    const began = performance.now();
    const answers = await Promise.all(Array.from({ length: 10 }, () => call()));
    expect(performance.now() - began).toBeLessThan(AT_ONCE_MS);
    expect(new Set(answers)).toEqual(new Set([second().child.pid]));
  }, 400_000);

  test("what one that is killed has begun is asked again only if it reads; else its caller is told at once", async () => {
    const calls = await untilFirstIsAsked(LONG_MS);
    const reading = await untilFirstIsAsked(LONG_MS, { mayRepeat: true });
    const failed = Promise.any(
      calls.map((one) =>
        one.then(
          () => "answered",
          (error) => error.type,
        ),
      ),
    );
    first().child.kill("SIGKILL");
    await first().exited;
    const began = performance.now();
    expect(await failed).toBe("REQUEST_REJECTED");
    expect(performance.now() - began).toBeLessThan(AT_ONCE_MS);
    second().child.kill("SIGUSR2");
    const answers = await Promise.all(reading);
    expect(new Set(answers)).toEqual(new Set([second().child.pid]));
  }, 400_000);

  test("what was asked of one process by name is asked of no other when that one is killed", async () => {
    const nodes = (await broker.call("$node.list")) as { id: string }[];
    const nodeID = nodes.find(({ id }) => id.endsWith(`-${first().child.pid}`))?.id;
    const asked = first().asked();
    const failed = call(LONG_MS, { nodeID, mayRepeat: true }).catch((error) => error.type);
    await eventually(async () => first().asked() > asked);
    const elsewhere = second().asked();
    first().child.kill("SIGKILL");
    await first().exited;
    expect(await failed).toBe("REQUEST_REJECTED");
    expect(second().asked()).toBe(elsewhere);
  }, 400_000);

  test("one that is told to stop answers what it has, and what comes meanwhile goes to the other", async () => {
    const calls = await untilFirstIsAsked(LONG_MS);
    first().child.kill("SIGTERM");
    const during: Promise<number>[] = [];
    let isOver = false;
    void first().exited.then(() => {
      isOver = true;
    });
    while (!isOver) {
      during.push(call());
      if (during.length === 20) for (const { child } of shops) child.kill("SIGUSR2");
      await sleep(20);
    }
    expect(await Promise.all(calls)).toContain(first().child.pid);
    expect((await Promise.all(during)).length).toBeGreaterThan(10);
    expect(await call()).toBe(second().child.pid);
  }, 400_000);

  test("one that is frozen is not taken for dead: its answer comes when it wakes", async () => {
    const calls = await untilFirstIsAsked(1_000);
    first().child.kill("SIGSTOP");
    await sleep(3_500); // Two looks and more.
    first().child.kill("SIGCONT");
    expect(await Promise.all(calls)).toContain(first().child.pid);
  }, 400_000);
});
