// What workers answer when they are inspected.
export interface WorkerStats {
  readonly pool: { readonly busy: number; readonly size: number; readonly draining: boolean };
  readonly parked: number;
  readonly done: number;
  readonly failed: number;
  readonly tasks: Readonly<Record<string, { readonly done: number; readonly failed: number }>>;
  readonly memory: { readonly rssBytes: number; readonly heapUsedBytes: number; readonly heapTotalBytes: number };
  readonly loopLag: { readonly meanMs: number; readonly p99Ms: number; readonly maxMs: number };
  readonly uptimeS: number;
  readonly autoscale: { readonly min: number; readonly max: number } | null;
}

export interface ActiveRun {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly attempt: number;
  readonly retries?: number;
  readonly runningMs?: number;
}

export interface ConsumedQueue {
  readonly name: string;
  readonly paused: boolean;
}
