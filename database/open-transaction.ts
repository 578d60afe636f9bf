// Knows, per flow of control, whether a transaction of a database is open. Embedded, a query outside the open
// transaction would wait for the one connection that its own caller holds: for ever. Here it becomes a named error,
// on both engines, so that code does not first hang where it is deployed smallest.
import { AsyncLocalStorage } from "node:async_hooks";
import { ApiumError } from "../runtime/contract/errors.ts";

interface OpenTransaction {
  readonly database: object;
  closed: boolean;
}

const flow = new AsyncLocalStorage<OpenTransaction | undefined>();

/** Runs `work` as the holder of a transaction on `database`. */
export async function holding<Result>(database: object, work: () => Promise<Result>): Promise<Result> {
  const open: OpenTransaction = { database, closed: false };
  try {
    return await flow.run(open, work);
  } finally {
    open.closed = true;
  }
}

/** @throws ApiumError `QUERY_OUTSIDE_TRANSACTION` when this flow of control holds a transaction on `database`. */
export function refuseWhileHolding(database: object): void {
  const open = flow.getStore();
  if (open !== undefined && !open.closed && open.database === database) {
    throw new ApiumError("QUERY_OUTSIDE_TRANSACTION");
  }
}

/** Runs background work (batch flushes, hints) that merely happens to be started inside a transaction. */
export function detached<Result>(work: () => Result): Result {
  return flow.run(undefined, work);
}
