/** Takes memory, on the heap or outside of it, and keeps it for a while or for good. */
import { setTimeout as sleep } from "node:timers/promises";

interface Params {
  readonly mb: number;
  readonly where: "heap" | "buffers";
  readonly keeps?: boolean;
  /** Goes on so long when it has all of it. */
  readonly forMs?: number;
}

const MB = 2 ** 20;
const kept: unknown[] = [];

export default async function grows({ mb, where, keeps, forMs = 0 }: Params): Promise<string> {
  const held: unknown[] = [];
  for (let taken = 0; taken < mb; taken++) {
    held.push(where === "heap" ? Array.from({ length: MB / 8 }, (_, index) => index + 0.5) : Buffer.alloc(MB, 1));
    if (taken % 8 === 0) await sleep(1);
  }
  if (keeps) kept.push(held);
  if (forMs > 0) await sleep(forMs);
  return `${held.length} MB`;
}
