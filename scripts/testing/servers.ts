/** The one set of private servers that all test files share, and the environment in which tests find them. */
import {
  installServers,
  type ServerHandle,
  type ServerName,
  startMosquitto,
  startNats,
  startPostgres,
  startRedis,
} from "../../test/support/servers/index.ts";
import type { Failure, StepResult } from "./report.ts";

/** Those that all can share; nginx is of no use without what stands behind it. */
type SharedServer = Exclude<ServerName, "nginx">;

const STARTERS: Readonly<Record<SharedServer, { variable: string; start: () => Promise<ServerHandle> }>> = {
  nats: { variable: "TEST_NATS_URL", start: startNats },
  postgres: { variable: "TEST_DATABASE_URL", start: startPostgres },
  redis: { variable: "TEST_REDIS_URL", start: startRedis },
  mosquitto: { variable: "TEST_MQTT_URL", start: startMosquitto },
};

export interface PrivateServers {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly result: StepResult;
  stop(): Promise<void>;
}

/** A server that can neither be found nor installed is left out; its suites are skipped, or fail when `CI=true`. */
export async function startServers(): Promise<PrivateServers> {
  const startedAt = performance.now();
  const { missing } = await installServers((line) => console.log(`          ${line}`));
  const handles: ServerHandle[] = [];
  const failures: Failure[] = [];
  // Only what was started here: a URL from outside must never reach the tests.
  const env: Record<string, string | undefined> = {};
  const names = Object.keys(STARTERS) as SharedServer[];
  await Promise.all(
    names.map(async (name) => {
      const { variable, start } = STARTERS[name];
      env[variable] = undefined;
      if (missing.includes(name)) return;
      try {
        const handle = await start();
        handles.push(handle);
        env[variable] = handle.url;
      } catch (error) {
        failures.push({ title: `start ${name}`, details: String(error) });
      }
    }),
  );
  const durationMs = performance.now() - startedAt;
  return {
    env,
    result: { name: "servers", durationMs, passed: 0, failures, skipped: [] },
    async stop() {
      await Promise.all(handles.map((handle) => handle.stop()));
    },
  };
}
