/** A database of a test file's own in the shared private PostgreSQL, made in milliseconds and dropped with force. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

const SOURCE_IN_USE = "55006";
const SOURCE_WAIT_MS = 60_000;

export interface TemporaryDatabase {
  readonly url: string;
  readonly name: string;
  /** Drops it even while connections are open. */
  drop(): Promise<void>;
}

/** `template` is the name of a database to copy; it must have no connections, and a short-lived one is waited for. */
export async function createDatabase(baseUrl: string, template = "template1"): Promise<TemporaryDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  const from = pg.escapeIdentifier(template);
  await execute(baseUrl, `create database ${name} template ${from}`, Date.now() + SOURCE_WAIT_MS);
  const url = new URL(baseUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    drop: () => execute(baseUrl, `drop database if exists ${name} with (force)`, Date.now() + SOURCE_WAIT_MS),
  };
}

async function execute(baseUrl: string, statement: string, retryUntil = 0): Promise<void> {
  const client = new pg.Client({ connectionString: baseUrl });
  await client.connect();
  try {
    for (;;) {
      try {
        await client.query(statement);
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== SOURCE_IN_USE || Date.now() > retryUntil) throw error;
        await sleep(20);
      }
    }
  } finally {
    await client.end();
  }
}
