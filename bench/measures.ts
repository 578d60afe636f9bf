/** What is measured, one function each. Runs in the child process; the answer is numbers by name. */
import type { Payload, System } from "./system.ts";

export type Numbers = Record<string, number>;
export interface Sizes {
  readonly many: number;
  readonly backlog: number;
  readonly latency: number;
}
export type Measure = (system: System, sizes: Sizes) => Promise<Numbers>;

const payloads = (count: number): Payload[] => Array.from({ length: count }, (_, b) => ({ a: 1, b }));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const perSecond = (count: number, ms: number) => Math.round((count / ms) * 1_000);

function percentile(sorted: readonly number[], share: number): number {
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(2));
}

/** Starts working and resolves when `count` have started and none is without an end. */
async function drain(system: System, count: number): Promise<number> {
  let seen = 0;
  const began = performance.now();
  await system.work(() => void seen++);
  while (seen < count) await pause(5);
  while ((await system.unfinished()) > 0) await pause(5);
  return performance.now() - began;
}

export const MEASURES: Readonly<Record<string, Measure>> = {
  async enqueueMany(system, { many }) {
    const work = payloads(many);
    await system.enqueueMany(work.slice(0, 2_000));
    const began = performance.now();
    await system.enqueueMany(work);
    return { "enqueueMany /s": perSecond(many, performance.now() - began) };
  },

  async enqueue(system, { latency }) {
    for (let n = 0; n < 50; n++) await system.enqueue({ a: 1, b: n });
    let began = performance.now();
    for (let n = 0; n < latency; n++) await system.enqueue({ a: 1, b: n });
    const one = perSecond(latency, performance.now() - began);
    const many = latency * 20;
    began = performance.now();
    let next = 0;
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        while (next++ < many) await system.enqueue({ a: 1, b: next });
      }),
    );
    return { "enqueue, one at a time /s": one, "enqueue, 50 at a time /s": perSecond(many, performance.now() - began) };
  },

  async run(system, { many }) {
    await system.enqueueMany(payloads(many));
    return { "run /s": perSecond(many, await drain(system, many)) };
  },

  async latency(system, { latency }) {
    const waits: number[] = [];
    let sentAt = 0;
    await system.work(() => void waits.push(performance.now() - sentAt));
    await pause(1_000);
    for (let n = 0; n < latency + 20; n++) {
      const before = waits.length;
      sentAt = performance.now();
      await system.enqueue({ a: 1, b: n });
      while (waits.length === before) await pause(0);
      await pause(10);
    }
    const sorted = waits.slice(20).sort((x, y) => x - y);
    return { "idle latency p50 ms": percentile(sorted, 0.5), "idle latency p99 ms": percentile(sorted, 0.99) };
  },

  async loadedLatency(system, { latency }) {
    const waits: number[] = [];
    const sent = new Map<number, number>();
    await system.work(({ b }) => {
      const at = sent.get(b);
      if (at !== undefined) waits.push(performance.now() - at);
    });
    await pause(500);
    let n = 0;
    const until = performance.now() + latency * 15;
    while (performance.now() < until) {
      await Promise.all(
        Array.from({ length: 20 }, () => {
          sent.set(++n, performance.now());
          return system.enqueue({ a: 1, b: n });
        }),
      );
      await pause(8);
    }
    await pause(1_000);
    const sorted = waits.sort((x, y) => x - y);
    return {
      "latency under load p50 ms": percentile(sorted, 0.5),
      "latency under load p99 ms": percentile(sorted, 0.99),
    };
  },

  async due(system, { many }) {
    const dueAt = new Date(Date.now() + 4_000 + many / 10);
    await system.enqueueMany(payloads(many), dueAt);
    let seen = 0;
    let first = 0;
    await system.work(() => {
      if (seen++ === 0) first = performance.now();
    });
    const giveUp = dueAt.getTime() + 120_000;
    while (seen < many && Date.now() < giveUp) await pause(5);
    return { "due at once, started /s": perSecond(seen, performance.now() - first) };
  },

  async lateness(system) {
    const late: number[] = [];
    const due = new Map<number, number>();
    await system.work(({ b }) => void late.push(Date.now() - (due.get(b) ?? 0)));
    await pause(500);
    let n = 0;
    for (let tick = 0; tick < 100; tick++) {
      for (let each = 0; each < 25; each++) {
        const delay = 500 + Math.round(Math.random() * 1_000);
        due.set(++n, Date.now() + delay);
        void system.enqueue({ a: 1, b: n }, delay);
      }
      await pause(50);
    }
    await pause(4_000);
    const sorted = late.sort((x, y) => x - y);
    return {
      "500/s delayed, lateness p99 ms": percentile(sorted, 0.99),
      "500/s delayed, never started": n - late.length,
    };
  },

  async backlog(system, { many, backlog }) {
    await system.enqueueMany(payloads(backlog));
    let seen = 0;
    let began = 0;
    await system.work(() => {
      if (seen++ === 0) began = performance.now();
    });
    while (seen < many) await pause(5);
    return { [`run with ${backlog} queued /s`]: perSecond(seen, performance.now() - began) };
  },
};
