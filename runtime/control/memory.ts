// What the memory of this process is used for: its figures, and a sample of what was allocated while it was looked at and
// is still held. The sample slows the process by some percent while it lasts, and no longer.
import { Session } from "node:inspector/promises";
import { getHeapSpaceStatistics, getHeapStatistics } from "node:v8";
import type { Clock } from "../contract/clock.ts";
import { sleep } from "../contract/clock.ts";

const SAMPLE_EVERY_BYTES = 32_768;
const TOP_FUNCTIONS = 15;

export interface MemoryView {
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly heapLimitBytes: number;
  readonly externalBytes: number;
  readonly arrayBuffersBytes: number;
  readonly spaces: readonly { readonly name: string; readonly usedBytes: number; readonly sizeBytes: number }[];
  /** Where what is held was allocated, the most first. */
  readonly sample: readonly Allocation[];
  readonly sampledMs: number;
}

export interface Allocation {
  readonly function: string;
  /** `file:line`, of our own code below its folder. */
  readonly place: string;
  readonly bytes: number;
}

/** Bytes; figures that a heartbeat can carry. */
export function memoryFigures(): Pick<MemoryView, "rssBytes" | "heapUsedBytes" | "heapTotalBytes" | "externalBytes"> {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  return { rssBytes: rss, heapUsedBytes: heapUsed, heapTotalBytes: heapTotal, externalBytes: external };
}

export async function memoryView(clock: Clock, sampleMs: number): Promise<MemoryView> {
  const sample = sampleMs > 0 ? await sampleHeap(clock, sampleMs) : [];
  return {
    ...memoryFigures(),
    heapLimitBytes: getHeapStatistics().heap_size_limit,
    arrayBuffersBytes: process.memoryUsage().arrayBuffers,
    spaces: getHeapSpaceStatistics().map(({ space_name, space_used_size, space_size }) => ({
      name: space_name,
      usedBytes: space_used_size,
      sizeBytes: space_size,
    })),
    sample,
    sampledMs: sampleMs,
  };
}

interface SampleNode {
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly selfSize: number;
  readonly children: readonly SampleNode[];
}

async function sampleHeap(clock: Clock, sampleMs: number): Promise<Allocation[]> {
  const session = new Session();
  session.connect();
  try {
    await session.post("HeapProfiler.startSampling", { samplingInterval: SAMPLE_EVERY_BYTES });
    await sleep(clock, sampleMs);
    const { profile } = await session.post("HeapProfiler.stopSampling");
    return allocations(profile.head as SampleNode);
  } finally {
    session.disconnect();
  }
}

/** Adds up a sample's tree by function. */
export function allocations(head: SampleNode): Allocation[] {
  const sums = new Map<string, Allocation>();
  const open = [head];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    open.push(...node.children);
    if (node.selfSize === 0) continue;
    const { functionName, url, lineNumber } = node.callFrame;
    const place = url === "" ? "(engine)" : `${shortened(url)}:${lineNumber + 1}`;
    const name = functionName === "" ? "(anonymous)" : functionName;
    const key = `${name} ${place}`;
    sums.set(key, { function: name, place, bytes: (sums.get(key)?.bytes ?? 0) + node.selfSize });
  }
  return [...sums.values()].sort((a, b) => b.bytes - a.bytes).slice(0, TOP_FUNCTIONS);
}

const ROOT = new URL("../../", import.meta.url).href;

function shortened(url: string): string {
  return url.startsWith(ROOT) ? url.slice(ROOT.length) : url.replace(/^file:\/\/.*\/(?=[^/]+\/[^/]+$)/, "…/");
}
