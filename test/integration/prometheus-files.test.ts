/** What `deploy/` has for Prometheus, read by Prometheus' own tool: the files are right, and alerts fire when they should. */
import { execFile } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { stringify } from "yaml";
import { describeWith } from "../support/requires.ts";
import { requireBinary } from "../support/servers/find-binary.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const DEPLOY = fileURLToPath(new URL("../../deploy", import.meta.url));
const run = promisify(execFile);

interface Series {
  readonly series: string;
  /** promtool's notation: `0x5` is 0 and five times more, `0+10x5` grows by 10. One value a minute. */
  readonly values: string;
}

describeWith(["promtool"], "Prometheus", () => {
  const folder = temporaryFolder();
  beforeAll(() => copyFileSync(join(DEPLOY, "alerts.yml"), join(folder.path, "alerts.yml")));
  afterAll(() => folder.remove());
  const promtool = (...args: string[]) => run(requireBinary("promtool"), args, { cwd: folder.path, timeout: 120_000 });

  test("takes the configuration with its rules", async () => {
    writeFileSync(join(folder.path, "token"), "a-token");
    const text = readFileSync(join(DEPLOY, "prometheus.yml"), "utf8");
    writeFileSync(join(folder.path, "prometheus.yml"), text.replace("/etc/prometheus/apium-token", "token"));
    expect((await promtool("check", "config", "prometheus.yml")).stdout).toContain("10 rules found");
  }, 400_000);

  /** The alerts of that name that fire after so long, by their labels; promtool fails when it finds others, or other words. */
  async function expectAlerts(
    alert: string,
    series: readonly Series[],
    at: string,
    labels: readonly object[],
    duration = "",
  ): Promise<void> {
    const rules = readFileSync(join(DEPLOY, "alerts.yml"), "utf8");
    const severity = new RegExp(`alert: ${alert}\\n[^]*?severity: (\\w+)`).exec(rules)?.[1];
    const summaries = new RegExp(`alert: ${alert}\\n[^]*?summary: "(.*)"\\n\\s+runbook: "(.*)"`).exec(rules) ?? [];
    const expanded = (text = "", of: object) =>
      text
        .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_all, name) => (of as Record<string, string>)[name] ?? "")
        .replace("{{ $value | humanizeDuration }}", duration);
    const file = {
      rule_files: ["alerts.yml"],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: series,
          alert_rule_test: [
            {
              eval_time: at,
              alertname: alert,
              exp_alerts: labels.map((of) => ({
                exp_labels: { ...of, severity },
                exp_annotations: { summary: expanded(summaries[1], of), runbook: expanded(summaries[2], of) },
              })),
            },
          ],
        },
      ],
    };
    const name = `${alert}-${at}-${labels.length}.yml`;
    writeFileSync(join(folder.path, name), stringify(file));
    await promtool("test", "rules", name);
  }

  test("is told that no gateway is there: none answers, or none is known; and not of one of two", async () => {
    const up = (instance: string, values: string): Series => ({
      series: `up{job="apium",instance="${instance}"}`,
      values,
    });
    await expectAlerts("NoGateway", [up("a", "1x5 0x20"), up("b", "1x30")], "15m", []);
    await expectAlerts("NoGateway", [up("a", "1x5 0x20"), up("b", "0x30")], "7m", []);
    await expectAlerts("NoGateway", [up("a", "1x5 0x20"), up("b", "0x30")], "9m", [{}]);
    await expectAlerts("NoGateway", [], "3m", [{}]);
  }, 400_000);

  test("is told of a queue that nobody works, not of an empty one, nor of one that a second gateway sees worked", async () => {
    const series: Series[] = [
      { series: 'apium_queue_tasks{queue="reports",state="queued",instance="a"}', values: "4x20" },
      { series: 'apium_queue_workers{queue="reports",instance="a"}', values: "0x20" },
      { series: 'apium_queue_tasks{queue="email",state="queued",instance="a"}', values: "0x20" },
      { series: 'apium_queue_workers{queue="email",instance="a"}', values: "0x20" },
      { series: 'apium_queue_tasks{queue="default",state="queued",instance="a"}', values: "4x20" },
      { series: 'apium_queue_workers{queue="default",instance="a"}', values: "0x20" },
      { series: 'apium_queue_workers{queue="default",instance="b"}', values: "2x20" },
    ];
    await expectAlerts("QueueWithoutWorkers", series, "1m", []);
    await expectAlerts("QueueWithoutWorkers", series, "5m", [{ queue: "reports" }]);
  }, 400_000);

  test("is told of a task of which more than one attempt in ten fails, and not of one in twenty", async () => {
    const events = (task: string, type: string, perMinute: number): Series => ({
      series: `apium_task_events_total{task="${task}",type="${type}"}`,
      values: `0+${perMinute}x40`,
    });
    const series = [
      // Most are tried again: an outage shows before the first of them has given up.
      ...[events("send_ticket_email", "started", 100), events("send_ticket_email", "retried", 15)],
      events("send_ticket_email", "failed", 2),
      ...[events("create_job", "started", 100), events("create_job", "failed", 5)],
    ];
    await expectAlerts("TasksFail", series, "30m", [{ task: "send_ticket_email" }]);
  }, 400_000);

  test("is told of a schedule that is late for good, and not of one that has caught up", async () => {
    const series: Series[] = [
      { series: 'apium_schedule_overdue_seconds{schedule="auto_close_jobs"}', values: "0 300x20" },
      { series: 'apium_schedule_overdue_seconds{schedule="create_job"}', values: "0 300 0x20" },
    ];
    await expectAlerts("ScheduleOverdue", series, "10m", [{ schedule: "auto_close_jobs" }], "5m 0s");
  }, 400_000);
});
