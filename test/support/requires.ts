/**
 * Suites that need a real server. `npm test` starts the servers and hands their URLs on in the environment; where
 * one is missing its suites are skipped with what to do about it, except with `CI=true`, where that is a failure.
 */
import { describe, it } from "@jest/globals";
import { howToInstall, isInstalled, type ProgramName } from "./servers/install.ts";

/** Servers that `npm test` starts; of the other programs it is enough that they are installed. */
const VARIABLES: Readonly<Partial<Record<ProgramName, string>>> = {
  nats: "TEST_NATS_URL",
  postgres: "TEST_DATABASE_URL",
  redis: "TEST_REDIS_URL",
  mosquitto: "TEST_MQTT_URL",
};

/** Hands `fn` the URL of each server, in the order named; "" for what is no server of `npm test`'s. */
export function describeWith(
  server: ProgramName | readonly ProgramName[],
  name: string,
  fn: (...urls: string[]) => void,
): void {
  const wanted = typeof server === "string" ? [server] : server;
  const urlOf = (one: ProgramName) => process.env[VARIABLES[one] ?? ""] ?? "";
  const missing = wanted.filter((one) => (VARIABLES[one] === undefined ? !isInstalled(one) : urlOf(one) === ""));
  if (missing.length === 0) {
    describe(name, () => fn(...wanted.map(urlOf)));
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
