/** The doctor and the servers that services need: each is really stopped, frozen or made to refuse, and comes back. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Finding } from "../../runtime/index.ts";
import { taskOperations } from "../../runtime/moleculer/index.ts";
import { cacheModule } from "../../services/cache/index.ts";
import { doctorModule } from "../../services/doctor/index.ts";
import { emailModule } from "../../services/email/index.ts";
import { mqttModule } from "../../services/mqtt/index.ts";
import { schedulerModule } from "../../services/scheduler/index.ts";
import { type Backend, eventually, openBackend } from "../support/backends.ts";
import { MailServer } from "../support/mail-server.ts";
import { describeWith } from "../support/requires.ts";
import { type ServerHandle, startMosquitto, startRedis } from "../support/servers/index.ts";
import { type RunningServices, startServices } from "../support/services.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A mail server that hung up on a login is left alone for five minutes. */
const PATIENCE_MS = 330_000;
/** Whatever is broken; the machine may be busy. */
const SOON_MS = 30_000;
const PASSWORD = "pa55-of-the-test";
const MODULES = [cacheModule, emailModule, mqttModule, schedulerModule, doctorModule];

interface Health {
  readonly isHealthy: boolean;
  readonly findings: readonly Finding[];
}

describeWith(["redis", "mosquitto"], "the doctor, and servers that services need", () => {
  let backend: Backend;
  let services: RunningServices;
  let redis: ServerHandle;
  let mosquitto: ServerHandle;
  let mail: MailServer;
  const folder = temporaryFolder();

  const ask = async () => {
    const asked = performance.now();
    const health = await examined(services);
    expect(performance.now() - asked).toBeLessThan(SOON_MS);
    expect(JSON.stringify(health)).not.toContain(PASSWORD);
    return health;
  };
  const untilFound = (...codes: readonly string[]) =>
    eventually(async () => {
      const health = await ask();
      const found = health.findings.map(({ code }) => code);
      if (found.join() !== codes.join()) throw new Error(`found is ${JSON.stringify(health.findings)}`);
      return health;
    }, PATIENCE_MS);
  const untilWell = async () => expect(await untilFound()).toEqual({ isHealthy: true, findings: [] });

  beforeAll(async () => {
    [backend, redis, mosquitto, mail] = await Promise.all([
      openBackend("pglite"),
      startRedis({ args: ["--requirepass", PASSWORD] }),
      startMosquitto(),
      MailServer.open(),
    ]);
    await mail.up();
    services = await startServices(backend, {
      modules: MODULES,
      environment: {
        DATA_DIR: folder.path,
        REDIS_URL: redis.url.replace("//", `//:${PASSWORD}@`),
        SMTP_URL: mail.url.replace("//", `//desk:${PASSWORD}@`),
        MQTT_URL: mosquitto.url.replace("//", `//desk:${PASSWORD}@`),
      },
    });
    services.broker.createService(taskOperations(services.runtime, { version: "1.2.3" }));
    await withoutSchedules(services);
  }, 700_000);
  afterAll(async () => {
    await services.stop();
    await Promise.all([backend.close(), redis.stop(), mosquitto.stop(), mail.down()]);
    folder.remove();
  }, 700_000);

  test("nothing is wrong with a system whose servers are there", () => untilWell(), 700_000);

  test("Redis: gone, frozen, back", async () => {
    await redis.kill("SIGTERM");
    const { isHealthy, findings } = await untilFound("REDIS_AWAY");
    expect(isHealthy).toBe(true);
    expect(findings[0]).toMatchObject({ severity: "warning", subject: "Redis" });
    expect(findings[0]?.message).toMatch(/^the caches default, select2, sessions go on without their server: .*;/);
    await redis.restart();
    await untilWell();
    await redis.kill("SIGSTOP");
    expect((await untilFound("REDIS_AWAY")).findings[0]?.message).toMatch(/did not answer within 250 ms/);
    await redis.kill("SIGCONT");
    await untilWell();
  }, 700_000);

  test("the MQTT broker: gone and back", async () => {
    await mosquitto.kill("SIGTERM");
    const { isHealthy, findings } = await untilFound("MQTT_AWAY");
    expect(isHealthy).toBe(false);
    expect(findings[0]).toMatchObject({ severity: "error", subject: "MQTT" });
    await mosquitto.restart();
    await untilWell();
  }, 700_000);

  // What is known of the mail server is half a minute old: doctor-mail-server.test.ts has it alone, by a clock that can be set.
  test("all of them at once, with what to do about each", async () => {
    await Promise.all([redis.kill("SIGKILL"), mosquitto.kill("SIGKILL"), mail.down()]);
    const { isHealthy, findings } = await untilFound("SMTP_AWAY", "MQTT_AWAY", "REDIS_AWAY");
    expect(isHealthy).toBe(false);
    expect(findings.every(({ suggestion }) => suggestion.length > 20)).toBe(true);
    expect(findings.map(({ severity }) => severity)).toEqual(["error", "error", "warning"]);
  }, 700_000);

  test("the mail server refuses the login, which is not tried again for every look", async () => {
    await Promise.all([redis.restart(), mosquitto.restart(), mail.refuseLogins()]);
    const { findings } = await untilFound("SMTP_LOGIN_REFUSED");
    expect(findings[0]).toMatchObject({ severity: "error", subject: "SMTP" });
    const { logins } = mail;
    for (let look = 0; look < 3; look += 1) {
      expect(await services.call("email.check")).toMatchObject({ findings: [{ code: "SMTP_LOGIN_REFUSED" }] });
    }
    expect(mail.logins).toBe(logins);
  }, 700_000);
});

test("nothing is wrong with an embedded system that has none of these servers", async () => {
  const folder = temporaryFolder();
  const backend = await openBackend("pglite");
  const services = await startServices(backend, { modules: MODULES, environment: { DATA_DIR: folder.path } });
  services.broker.createService(taskOperations(services.runtime, { version: "1.2.3" }));
  await withoutSchedules(services);
  await eventually(async () => {
    expect(await examined(services)).toEqual({ isHealthy: true, findings: [] });
    return true;
  }, PATIENCE_MS);
  await services.stop();
  await backend.close();
  folder.remove();
}, 700_000);

/** A busy machine is slow, not wrong. */
async function examined({ call }: RunningServices): Promise<Health> {
  const { isHealthy, findings } = await call<Health>("doctor.check");
  return { isHealthy, findings: findings.filter(({ code }) => code !== "EVENT_LOOP_LAGS") };
}

/** Those of the facility name tasks of services that are not here. */
async function withoutSchedules({ broker, call }: RunningServices): Promise<void> {
  await broker.waitForServices(["tasks", "scheduler"]);
  const { items } = await call<{ items: { name: string }[] }>("scheduler.list");
  for (const { name } of items) await call("scheduler.change", { name, enabled: false });
}
