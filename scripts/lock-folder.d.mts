export interface LockOptions {
  readonly folder: string;
  readonly timeoutMs: number;
  readonly onWait?: () => void;
}
export function withLock<T>(lock: LockOptions, task: () => Promise<T>): Promise<T>;
