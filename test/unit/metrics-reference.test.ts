/** The page operators read, the metrics the code has, and those that alerts and the dashboard ask for are the same. */
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { metricsReference } from "../../scripts/write-metrics-reference.ts";
import { catalogue } from "../../services/metrics/catalogue.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test("docs/reference/metrics.md is what the catalogue says", async () => {
  expect(read("docs/reference/metrics.md")).toBe(await metricsReference());
});

test.each(["deploy/alerts.yml", "deploy/grafana/apium.json"])("%s asks for metrics that there are", async (file) => {
  const known = new Set((await catalogue().registry.getMetricsAsJSON()).map(({ name }) => name));
  const asked = [...read(file).matchAll(/apium_[a-z0-9_]+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ""));
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
});
