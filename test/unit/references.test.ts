/** The pages of docs/reference and the code they speak of say the same, and nothing is left out of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { CLIENT_ENVIRONMENT } from "../../cli/environment.ts";
import { durationMs } from "../../runtime/index.ts";
import { REFERENCES } from "../../scripts/write-references.ts";
import { ELSEWHERE } from "../../scripts/write-settings-reference.ts";
import { taskRows } from "../../scripts/write-tasks-reference.ts";
import { catalogue } from "../../services/metrics/catalogue.ts";
import { readSettings, SETTING_FACTS, SETTINGS } from "../../settings.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

function sources(...folders: readonly string[]): { readonly file: string; readonly text: string }[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
      .map((file) => ({ file, text: read(file) })),
  );
}

describe("docs/reference", () => {
  test.each(Object.entries(REFERENCES))(
    "%s is what the code says; `npm run references` writes it",
    async (file, write) => {
      expect(read(`docs/reference/${file}`)).toBe(await write());
    },
  );

  test("has no page that nobody writes", () => {
    expect(readdirSync(join(ROOT, "docs/reference")).sort()).toEqual(Object.keys(REFERENCES).sort());
  });
});

describe("settings", () => {
  test.each(Object.entries(SETTINGS))("the example of %s can be set", (name, schema) => {
    const { example = "" } = SETTING_FACTS.get(schema) ?? {};
    const needed = name === "NATS_URL" ? { DATABASE_URL: "postgres://db/apium" } : {};
    expect(() => readSettings({ ...needed, [name]: example })).not.toThrow();
    expect(example).not.toBe("");
  });

  test("whatever the product reads of the environment is on the page", () => {
    const known = [...Object.keys(SETTINGS), ...Object.keys(CLIENT_ENVIRONMENT), ...Object.keys(ELSEWHERE)];
    const named = sources("runtime", "services", "cli", "database", "object-store", "spreadsheet").flatMap(
      ({ file, text }) => {
        const plain = [...text.matchAll(/process\.env\.(\w+)/g)].map(([, name]) => name);
        const taken = [...text.matchAll(/\{([^{}]*)\} = (?:process\.env|environment)\b/g)].flatMap(([, names = ""]) =>
          names.split(",").map((one) => one.split(/[:=]/)[0]?.trim()),
        );
        return [...plain, ...taken].map((name = "") => ({ file, name }));
      },
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ name }) => !known.includes(name))).toEqual([]);
  });
});

describe("events", () => {
  test("are told by their contracts alone: no name of an event stands where one is sent", () => {
    const sent = sources("runtime", "services").flatMap(({ file, text }) =>
      [...text.matchAll(/\b(?:broker|bus)\??\.(?:broadcast|emit)\(\s*([^,)]+)/g)].map(([, event = ""]) => ({
        file,
        event,
      })),
    );
    // Through `tellOver`, or by the name a contract has.
    const isOfContract = (event: string) => event === "event" || event.endsWith(".event") || event === "STEERING_EVENT";
    expect(sent.length).toBeGreaterThan(2);
    expect(sent.filter(({ event }) => !isOfContract(event))).toEqual([]);
  });
});

describe("metrics", () => {
  test.each(["deploy/alerts.yml", "deploy/grafana/apium.json"])("%s asks for those that there are", async (file) => {
    const known = new Set((await catalogue().registry.getMetricsAsJSON()).map(({ name }) => name));
    const asked = [...read(file).matchAll(/apium_[a-z0-9_]+/g)].map(([name]) =>
      name.replace(/_(bucket|sum|count)$/, ""),
    );
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });
});

/** What the original promised of its tasks, and the design of this product adds: name, schedule, queue, retries, limits, expires. */
const PROMISED = `
create_ppm_job | 3 3,16 * * * | high_priority | 2 | 30m / 40m | 2h
create_job | 27 */8 * * * | high_priority | 3 | 30m / 40m | 7h
auto_close_jobs | */30 * * * * | critical | 3 | 10m / 15m | 25m
ticket_escalation | */30 * * * * | critical | 3 | 5m / 10m | 25m
send_reminder_email | 10 */8 * * * | email | 5 × 5m | 10m / 15m | 7h
create_scheduled_reports | */15 * * * * | reports | 2 × 5m | 10m / 15m | 13m
send_generated_report_on_mail | */27 * * * * | email | 3 × 2m | 10m / 15m | 25m
move_media_to_cloud_storage | 0 0 * * 1 | maintenance | 3 | 6h / 8h | 24h
cleanup_old_records | 0 2 * * * | maintenance | 3 | 30m / 40m | 20h
send_ticket_email | – | email | 5 × 5m | 5m / 10m | –
publish_mqtt | – | external_api | 5 × 30s | 30s / 1m | –
generate_monthly_report | – | reports | 3 | 60m / 80m | –
send_report_notification | – | email | 3 | 5m / 10m | –
process_graphql_mutation_async | – | high_priority | 5 × 5m | 5m / 10m | –
process_large_dataset | – | default | 3 | 30m / 60m | –
process_chunk | – | default | 3 | 30m / 60m | –`;

describe("tasks", () => {
  const rows = new Map(taskRows().map((row) => [row.name, row]));

  test.each(
    PROMISED.trim()
      .split("\n")
      .map((line) => line.split(" | ")),
  )(
    "%s is as promised: %s in %s, retries %s, limits %s, expires %s",
    (name, schedule, queue, retries = "", limits = "", expires = "") => {
      const row = rows.get(name ?? "");
      expect(row?.queue).toBe(queue);
      expect(row?.retries).toMatch(retries.includes("×") ? retries : new RegExp(`^${retries} × `));
      expect(row?.limits.split(" / ").map(durationMs)).toEqual(limits.split(" / ").map(durationMs));
      const fires = row?.schedules.map(({ cron, timezone, expires: end }) => [cron, timezone, durationMs(String(end))]);
      expect(fires).toEqual(schedule === "–" ? [] : [[schedule, "UTC", durationMs(expires)]]);
    },
  );

  test("each says what it does", () => {
    expect([...rows.values()].filter(({ task }) => task.summary === undefined).map(({ name }) => name)).toEqual([]);
  });
});
