/**
 * Suites that need a real server. `npm test` starts the servers and hands their URLs on in the environment; where
 * one is missing its suites are skipped with what to do about it, except with `CI=true`, where that is a failure.
 */
import { describe, it } from "@jest/globals";
import type { ServerName } from "./servers/index.ts";
import { howToInstall } from "./servers/install.ts";

const VARIABLES: Readonly<Record<ServerName, string>> = {
  nats: "TEST_NATS_URL",
  postgres: "TEST_DATABASE_URL",
  redis: "TEST_REDIS_URL",
  mosquitto: "TEST_MQTT_URL",
};

/** Hands `fn` the URL of each server, in the order named. */
export function describeWith(
  server: ServerName | readonly ServerName[],
  name: string,
  fn: (...urls: string[]) => void,
): void {
  const wanted = typeof server === "string" ? [server] : server;
  const missing = wanted.filter((one) => !process.env[VARIABLES[one]]);
  if (missing.length === 0) {
    describe(name, () => fn(...wanted.map((one) => process.env[VARIABLES[one]] ?? "")));
    return;
  }
  const reason = `needs ${missing.join(" and ")}: run it with npm test, which starts them. ${howToInstall(missing)}`;
  describe(name, () => {
    if (process.env.CI !== "true") return it.skip(reason, () => {});
    it(reason, () => {
      throw new Error(reason);
    });
  });
}
