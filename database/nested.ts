// A database inside a transaction: code that opens transactions of its own runs in savepoints of one that is open already,
// so that many such pieces are kept, or given up, together.
import type { Database, Queryable, Transaction } from "./database.ts";

let savepoints = 0;

/**
 * `database`, as code sees it that must stay within `tx`. Transactions are savepoints, one at a time: what fails is rolled
 * back to its beginning and the outer transaction goes on. What shall happen after the commit waits for the outer one's.
 * Listening, scripts and duties stay the database's own, and are refused there while the transaction is held.
 */
export function nestedIn(database: Database, tx: Transaction): Database {
  const within: Queryable = { query: tx.query.bind(tx), kysely: tx.kysely.bind(tx) };
  return {
    ...database,
    ...within,
    hot: within,
    relaxed: within,
    refuseWhileHeld: () => database.refuseWhileHeld(),
    transaction: (work) => inSavepoint(tx, work),
  };
}

/** Runs `work` in a savepoint of `tx`: what it did is gone when it rejects. */
export async function inSavepoint<Result>(
  tx: Transaction,
  work: (inner: Transaction) => Promise<Result>,
): Promise<Result> {
  const name = `nested_${++savepoints}`;
  const steps: (() => void | Promise<void>)[] = [];
  const inner: Transaction = {
    isTransaction: true,
    query: tx.query.bind(tx),
    kysely: tx.kysely.bind(tx),
    afterCommit: (step) => void steps.push(step),
  };
  await tx.query(`savepoint ${name}`);
  let result: Result;
  try {
    result = await work(inner);
  } catch (error) {
    await tx.query(`rollback to savepoint ${name}`);
    await tx.query(`release savepoint ${name}`);
    throw error;
  }
  await tx.query(`release savepoint ${name}`);
  for (const step of steps) tx.afterCommit(step);
  return result;
}
