/** Imports point one way, and each outside world has one door. Read from the source, so a wrong import fails here. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const IMPORT = /(?:from|import)\s*\(?\s*"([^"]+)"/g;

/** A room may import itself and what stands before it. */
const ORDER = [
  ["runtime/contract"],
  ["database", "object-store", "spreadsheet"],
  ["runtime/results", "runtime/telemetry"],
  ["runtime/caller", "runtime/queue", "runtime/schedule"],
  ["runtime/worker"],
  ["runtime/control"],
  ["runtime/series"],
  ["runtime/maintenance"],
  ["runtime"],
  ["runtime/testing", "runtime/moleculer"],
  ["telemetry"],
  ["services"],
  ["lifecycle"],
];

/** Packages that only one room may use. */
const DOORS: readonly (readonly [string, string])[] = [
  ["pg", "database"],
  ["@electric-sql/pglite", "database"],
  ["@nats-io/jetstream", "runtime/queue/jetstream"],
  ["@nats-io/transport-node", "runtime/queue/jetstream"],
  ["moleculer", "runtime/moleculer"],
  ["moleculer-web", "services/gateway"],
  ["nodemailer", "services/email"],
  ["smtp-server", "services/email"],
  ["ioredis", "services/cache"],
  ["piscina", "runtime/worker/isolation"],
  ["temporal-polyfill", "runtime/schedule"],
  ["suncalc", "runtime/schedule"],
  ["csv-parse", "spreadsheet"],
  ["@google-cloud/storage", "object-store"],
  ["pdfkit", "services/reports/render"],
  ["graphql", "services/mobile"],
  ["graphql-query-complexity", "services/mobile"],
  ["jose", "services/mobile"],
  ["prom-client", "services/metrics"],
  ["mqtt", "services/mqtt"],
  ["aedes", "services/mqtt"],
  ["@opentelemetry/sdk-trace", "telemetry"],
  ["@opentelemetry/exporter-trace-otlp-proto", "telemetry"],
  ["@opentelemetry/context-async-hooks", "telemetry"],
  ["@opentelemetry/resources", "telemetry"],
  ["@opentelemetry/core", "telemetry"],
];

interface Import {
  readonly file: string;
  readonly target: string;
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

const ROOMS = ["database", "object-store", "spreadsheet", "runtime", "telemetry", "services", "lifecycle", "dashboard"];

const imports: Import[] = ROOMS.flatMap(sources).flatMap((file) =>
  [...readFileSync(join(ROOT, file), "utf8").matchAll(IMPORT)].map(([, specifier = ""]) => ({
    file,
    target: specifier.startsWith(".") ? relative(ROOT, join(ROOT, dirname(file), specifier)) : specifier,
  })),
);

function levelOf(path: string): number {
  const matches = ORDER.flatMap((rooms, level) =>
    rooms.filter((room) => path.startsWith(`${room}/`)).map((room) => ({ level, room })),
  );
  return matches.sort((a, b) => b.room.length - a.room.length)[0]?.level ?? Number.POSITIVE_INFINITY;
}

function roomOf(path: string): string | undefined {
  return ORDER.flat()
    .filter((room) => path.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
}

describe("imports", () => {
  test("there are imports to look at", () => {
    expect(imports.length).toBeGreaterThan(100);
  });

  test("point from later rooms to earlier ones only", () => {
    const wrong = imports
      .filter(({ target }) => target.endsWith(".ts") && roomOf(target) !== undefined)
      .filter(({ file, target }) => roomOf(file) !== roomOf(target) && levelOf(target) >= levelOf(file));
    // The contract of a transaction is a type of the database; the settings are read by services' parts.
    const allowed = wrong.filter(({ file }) => file !== "database/database.ts");
    expect(allowed.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });

  test("of another service name only its task contracts", () => {
    const wrong = imports.filter(({ file, target }) => {
      const [, own] = file.split("/");
      const [folder, other, ...rest] = target.split("/");
      return (
        file.startsWith("services/") &&
        folder === "services" &&
        rest.length > 0 &&
        other !== own &&
        rest.join("/") !== "tasks.ts"
      );
    });
    expect(
      // Two files put the services together, and hand each its parts.
      wrong
        .filter(({ file }) => !["services/index.ts", "services/service-parts.ts"].includes(file))
        .map(({ file, target }) => `${file} -> ${target}`),
    ).toEqual([]);
  });

  test("of the dashboard are its own, but for what is pure: ADR 18", () => {
    const out = imports.filter(
      ({ file, target }) => file.startsWith("dashboard/") && /\.tsx?$/.test(target) && !target.startsWith("dashboard/"),
    );
    expect(new Set(out.map(({ target }) => target))).toEqual(new Set(["runtime/schedule/cron-words.ts"]));
  });

  test("of OpenTelemetry's API come from the room that makes spans and the one that sends them", () => {
    const users = imports.filter(({ target }) => target === "@opentelemetry/api").map(({ file }) => file);
    expect(users).toContain("runtime/telemetry/open-span.ts");
    expect(users.filter((file) => !/^(runtime\/)?telemetry\//.test(file))).toEqual([]);
  });

  test.each(DOORS)("of %s come from %s only", (name, room) => {
    const users = imports
      .filter(({ target }) => target === name || target.startsWith(`${name}/`))
      .map(({ file }) => file);
    const others = users.filter((file) => !file.startsWith(`${room}/`));
    // Types and the broker of Moleculer are what a service is made of.
    expect(
      name === "moleculer"
        ? others.filter((file) => file.startsWith("runtime/") || file.startsWith("database/"))
        : others,
    ).toEqual([]);
  });
});
