/** Writes docs/reference/metrics.md from the catalogue; a test holds the two against each other. */
import { writeFileSync } from "node:fs";
import { catalogue } from "../services/metrics/catalogue.ts";

export async function metricsReference(): Promise<string> {
  const metrics = await catalogue().registry.getMetricsAsJSON();
  const labels = new Map(
    Object.values(catalogue()).flatMap((metric) =>
      "labelNames" in metric
        ? [[String((metric as { name?: string }).name), metric.labelNames as readonly string[]]]
        : [],
    ),
  );
  const rows = metrics.map(({ name, help, type }) => {
    const own = labels.get(name) ?? [];
    return `| \`${name}\` | ${type} | ${own.map((label) => `\`${label}\``).join(" ")} | ${help} |`;
  });
  return `# Metrics

\`GET /metrics\` of a gateway, with a token of the role viewer, in Prometheus' text format. The figures are of the whole system,
at most five seconds old; beside them stand those of the gateway's own process (\`process_*\`, \`nodejs_*\`). With two gateways both
tell the same. \`deploy/\` has the scrape configuration, alerts and a Grafana dashboard.

| name | type | labels | meaning |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(new URL("../docs/reference/metrics.md", import.meta.url), await metricsReference());
}
