/** What `deploy/` says, held against the code: settings, services, queues, ports, secrets, files that must be in the image. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { durationMs, QUEUES } from "../../runtime/index.ts";
import { SERVICES } from "../../services/index.ts";
import { readSettings, SETTING_NAMES } from "../../settings.ts";
import {
  COMPOSE_TEXT,
  composeDatabaseSettings,
  composeRoles,
  MADE_FILES,
  readCompose,
  SECRET_FILES,
} from "../support/compose.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const compose = readCompose();
const roles = composeRoles();
/** What a stopping process may take beyond DRAIN_TIMEOUT before it ends itself (lifecycle/leave.ts). */
const LEAVE_ANYWAY_MS = 15_000;
/** Of one process: its three pools, the listener, the deputy (database/postgres.ts). */
const MOST_CONNECTIONS = 8 + 5 + 3 + 1 + 1;
/** For superusers, and for a person with psql. */
const RESERVED_CONNECTIONS = 3 + 10;

/** As Compose does, with every variable that must be given. */
function filledIn(value: string): string {
  const given: Readonly<Record<string, string>> = {
    API_TOKENS: `admin:${"t".repeat(20)}`,
    SMTP_URL: "smtp://mail.example:587",
  };
  return value.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_all, name: string, kind: string, text: string) =>
    kind === "-" ? text : (given[name] ?? "x".repeat(40)),
  );
}

describe("compose.yaml", () => {
  test.each(roles.map((role) => [role.role, role] as const))(
    "%s starts with settings that there are",
    (_name, role) => {
      expect(Object.keys(role.environment).filter((name) => !SETTING_NAMES.includes(name))).toEqual([]);
      const environment = Object.fromEntries(
        Object.entries(role.environment).map(([name, value]) => [name, filledIn(value)]),
      );
      const settings = readSettings(environment);
      for (const name of ["DATABASE_URL", "NATS_URL", "REDIS_URL", "MQTT_URL", "SMTP_URL", "JWT_SECRET"] as const) {
        expect(settings[name]).toBeDefined();
      }
      const graceMs = durationMs(compose.services[role.role]?.stop_grace_period ?? "0s");
      expect(graceMs).toBeGreaterThanOrEqual(settings.DRAIN_TIMEOUT + LEAVE_ANYWAY_MS);
    },
  );

  test("has two and more of each role, every service somewhere, and every queue worked where all handlers are", () => {
    for (const { replicas } of roles) expect(replicas).toBeGreaterThanOrEqual(2);
    const servicesOf = ({ environment }: (typeof roles)[number]) => (environment.SERVICES ?? "").split(",");
    const running = new Set(roles.flatMap(servicesOf));
    const missing = SERVICES.filter(
      ({ name, alongside = [] }) => ![name, ...alongside].some((one) => running.has(one)),
    );
    expect(missing.map(({ name }) => name)).toEqual([]);

    const workers = roles.filter(({ environment }) => environment.QUEUES !== "");
    const worked = workers.flatMap(({ environment }) => environment.QUEUES?.split(",") ?? []);
    expect([...worked].sort()).toEqual([...QUEUES].sort());
    const withTasks = SERVICES.filter(({ tasks }) => tasks.length > 0).map(({ name }) => name);
    for (const worker of workers) expect(withTasks.filter((name) => !servicesOf(worker).includes(name))).toEqual([]);
  });

  test("has a database with room for all connections its processes may take", () => {
    const processes = roles.reduce((sum, { replicas }) => sum + replicas, 0);
    const { max_connections } = composeDatabaseSettings();
    expect(Number(max_connections)).toBeGreaterThanOrEqual(processes * MOST_CONNECTIONS + RESERVED_CONNECTIONS);
  });

  test("opens the proxy, the devices' broker and Grafana, and those on loopback until somebody says otherwise", () => {
    const open = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => [name, filledIn(port)]),
    );
    expect(open).toEqual([
      ["proxy", "127.0.0.1:8080:80"],
      ["mosquitto", "127.0.0.1:1883:1883"],
      ["grafana", "127.0.0.1:3001:3000"],
      ["jaeger", "127.0.0.1:16686:16686"],
    ]);
  });

  test("holds no secret: each comes from .env, which the repository has only empty", () => {
    const example = parseEnvironment(read("deploy/.env.example"));
    const asked = [...COMPOSE_TEXT.matchAll(/\$\{(\w+)(:-)?/g)].map(([, name = "", hasDefault]) => ({
      name,
      hasDefault,
    }));
    const needed = asked.filter(({ hasDefault }) => hasDefault === undefined).map(({ name }) => name);
    expect([...new Set(needed)].filter((name) => !example.has(name))).toEqual([]);
    expect([...example.keys()].filter((name) => !asked.some((one) => one.name === name))).toEqual([]);
    for (const [name, value] of example)
      if (/PASSWORD|TOKEN|SECRET/.test(name)) expect([name, value]).toEqual([name, ""]);

    const variables = Object.values(compose.services).flatMap(({ environment = {} }) => Object.entries(environment));
    const literal = variables.filter(
      ([name, value]) => /PASSWORD|TOKEN|SECRET/.test(name) && !/^\$\{\w+:\?.*\}$/.test(value),
    );
    expect(literal).toEqual([]);
    const urls = variables.filter(
      ([, value]) => /:\/\/[^/]*:[^/]*@/.test(value) && !/:\/\/\w+:\$\{\w+:\?\}@/.test(value),
    );
    expect(urls).toEqual([]);
  });

  test("mounts files that are there, volumes that are declared, and waits for services that there are", () => {
    for (const [name, { volumes = [], depends_on = [] }] of Object.entries(compose.services)) {
      for (const volume of volumes) {
        const [source = ""] = volume.split(":");
        const isThere = source.startsWith("./")
          ? isSecret(source) || existsSync(join(ROOT, "deploy", source))
          : source in compose.volumes;
        expect([name, source, isThere]).toEqual([name, source, true]);
      }
      const wanted = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on);
      expect(wanted.filter((one) => !(one in compose.services))).toEqual([]);
      for (const [one, { condition }] of Array.isArray(depends_on) ? [] : Object.entries(depends_on)) {
        if (condition === "service_healthy") expect(compose.services[one]?.healthcheck).toBeDefined();
      }
    }
    for (const file of MADE_FILES) expect(read(".gitignore").split("\n")).toContain(`deploy/${file}`);
    const mounted = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes);
    expect(mounted.map((volume) => volume.split(":")[0] ?? "").filter(isSecret)).toHaveLength(SECRET_FILES.length);
  });

  test("has Grafana find its figures and its dashboard by itself", () => {
    const { volumes = [] } = compose.services.grafana ?? {};
    const inside = new Map(volumes.map((volume) => volume.split(":") as [string, string]));
    const provisioned = (kind: string, file: string) => {
      expect(inside.get(`./grafana/provisioning/${kind}`)).toBe(`/etc/grafana/provisioning/${kind}`);
      return parse(read(`deploy/grafana/provisioning/${kind}/${file}`)) as { apiVersion: number };
    };
    const { datasources } = provisioned("datasources", "prometheus.yaml") as unknown as {
      datasources: { type: string; url: string; isDefault: boolean; jsonData: { timeInterval: string } }[];
    };
    const { host, protocol } = new URL(datasources[0]?.url ?? "");
    expect([datasources.length, protocol, host]).toEqual([1, "http:", "prometheus:9090"]);
    expect(compose.services.prometheus?.command).toBeUndefined(); // Its own port, then: 9090.
    const scrape = parse(read("deploy/prometheus.yml")) as { global: { scrape_interval: string } };
    expect(datasources[0]).toMatchObject({
      type: "prometheus",
      access: "proxy",
      isDefault: true,
      jsonData: { timeInterval: scrape.global.scrape_interval },
    });
    // The dashboard takes the default one of its type.
    const { templating } = JSON.parse(read("deploy/grafana/apium.json")) as { templating: { list: object[] } };
    expect(templating.list).toMatchObject([{ name: "datasource", type: "datasource", query: datasources[0]?.type }]);

    const dashboards = provisioned("dashboards", "apium.yaml");
    expect(dashboards).toMatchObject({
      apiVersion: 1,
      providers: [{ type: "file", options: { path: "/dashboards" } }],
    });
    expect(inside.get("./grafana/apium.json")).toMatch(/^\/dashboards\/[^/]+\.json$/);
  });

  test("names versions, never latest", () => {
    const images = Object.values(compose.services).flatMap(({ image }) =>
      image === undefined || image === "apium" ? [] : [image],
    );
    expect(images.filter((image) => !/:v?\d/.test(image))).toEqual([]);
  });
});

describe("Dockerfile", () => {
  const dockerfile = read("deploy/Dockerfile");
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = ""]) =>
    sources.split(" "),
  );

  test("copies everything that the programs of the image read, and the context lets it in", () => {
    const wanted = new Set(
      ["main.ts", "cli/main.ts", "cli/healthcheck.mjs"].flatMap((file) => [...importsOf(file)]).map(topOf),
    );
    // Read and not imported: pages, the demo, the version.
    for (const one of ["dashboard", "examples", "package.json"]) wanted.add(one);
    expect([...wanted].filter((one) => !copied.includes(one))).toEqual([]);
    const allowed = read("deploy/Dockerfile.dockerignore").split("\n");
    expect(allowed[0]).toBe("**");
    expect(copied.filter((one) => !allowed.includes(`!${one}`))).toEqual([]);
    expect(copied.filter((one) => !existsSync(join(ROOT, one)))).toEqual([]);
  });

  test("runs without root what there is, is asked how it is, and is told to stop in a way that drains", () => {
    const commands = [...dockerfile.matchAll(/CMD (\[.*\])/g)].map(([, json = ""]) => JSON.parse(json) as string[]);
    for (const command of commands) expect(existsSync(join(ROOT, command.at(-1) ?? ""))).toBe(true);
    expect(dockerfile.indexOf("\nUSER node")).toBeGreaterThan(0);
    expect(dockerfile).toMatch(/^HEALTHCHECK /m);
    expect(dockerfile).toMatch(/^STOPSIGNAL SIGTERM$/m);
    const [, , defaults = ""] = /^(ENV) (.*)$/m.exec(dockerfile) ?? [];
    const names = defaults.split(" ").map((one) => one.split("=")[0] ?? "");
    expect(names.filter((name) => name !== "NODE_ENV" && !SETTING_NAMES.includes(name))).toEqual([]);
  });
});

test("systemd waits longer for a stop than a process takes, and starts what there is", () => {
  const unit = read("deploy/systemd/apium@.service");
  const settingOf = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1] ?? "";
  const { DRAIN_TIMEOUT } = readSettings({});
  expect(durationMs(settingOf("TimeoutStopSec"))).toBeGreaterThanOrEqual(DRAIN_TIMEOUT + LEAVE_ANYWAY_MS);
  expect(existsSync(join(ROOT, settingOf("ExecStart").split(" ").at(-1) ?? ""))).toBe(true);
  expect([settingOf("User"), settingOf("KillSignal"), settingOf("Restart")]).toEqual(["apium", "SIGTERM", "always"]);
});

test("the dashboard's panels have what Grafana reads, each in its place", () => {
  const { panels } = JSON.parse(read("deploy/grafana/apium.json")) as {
    panels: { title: string; fieldConfig?: { defaults: Record<string, unknown> }; targets?: { expr: string }[] }[];
  };
  expect(panels.length).toBeGreaterThan(5);
  for (const { title, fieldConfig, targets = [] } of panels) {
    expect([title, typeof fieldConfig?.defaults.unit, "defaults" in (fieldConfig?.defaults ?? {})]).toEqual([
      title,
      "string",
      false,
    ]);
    expect(targets.filter(({ expr }) => expr.trim() === "")).toEqual([]);
  }
});

test("every alert says what is wrong, what to do, and how bad it is; Prometheus reads the file and asks the gateways", () => {
  const alerts = parse(read("deploy/alerts.yml")) as { groups: { rules: Record<string, Record<string, string>>[] }[] };
  for (const rule of alerts.groups.flatMap(({ rules }) => rules)) {
    expect([rule.alert, ["warning", "critical"].includes(rule.labels?.severity ?? "")]).toEqual([rule.alert, true]);
    expect(Object.keys(rule.annotations ?? {}).sort()).toEqual(["runbook", "summary"]);
  }
  const prometheus = parse(read("deploy/prometheus.yml"));
  expect(prometheus).toMatchObject({
    rule_files: ["alerts.yml"],
    scrape_configs: [{ dns_sd_configs: [{ names: ["gateway"], port: 3000 }] }],
  });
});

function isSecret(source: string): boolean {
  return SECRET_FILES.some((file) => source === `./${file}`);
}

function parseEnvironment(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]));
}

/** A file and everything it imports of this repository, by path. */
function importsOf(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, specifier = ""] of read(file).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
    importsOf(relative(ROOT, join(ROOT, dirname(file), specifier)), found);
  }
  return found;
}

function topOf(path: string): string {
  return path.split("/")[0] ?? path;
}
