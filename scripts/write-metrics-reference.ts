// docs/reference/metrics.md, from the catalogue of the service `metrics`.
import { catalogue } from "../services/metrics/catalogue.ts";
import { code, codes, page, table } from "./references/markdown.ts";

const INTRODUCTION = `\`GET /metrics\` of a gateway, with a token of the role viewer, in Prometheus' text format. The figures are of the whole system,
at most five seconds old; beside them stand those of the gateway's own process (\`process_*\`, \`nodejs_*\`). With two gateways both
tell the same. \`deploy/\` has the scrape configuration, alerts and a Grafana dashboard.`;

export async function metricsReference(): Promise<string> {
  const metrics = await catalogue().registry.getMetricsAsJSON();
  const labels = new Map(
    Object.values(catalogue()).flatMap((metric) =>
      "labelNames" in metric
        ? [[String((metric as { name?: string }).name), metric.labelNames as readonly string[]]]
        : [],
    ),
  );
  return page("Metrics", "`services/metrics/catalogue.ts`", [
    INTRODUCTION,
    table(
      ["name", "type", "labels", "meaning"],
      metrics.map(({ name, help, type }) => [code(name), String(type), codes(labels.get(name)), help]),
    ),
  ]);
}
