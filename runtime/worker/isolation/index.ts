import type { Isolation, IsolationOptions } from "./isolation.ts";

export type { Isolation } from "./isolation.ts";
export function createThreadIsolation(_o: IsolationOptions): Isolation {
  return {
    run() {
      throw new Error("stub");
    },
    async stop() {},
  };
}
export function createProcessIsolation(_o: IsolationOptions): Isolation {
  return {
    run() {
      throw new Error("stub");
    },
    async stop() {},
  };
}
