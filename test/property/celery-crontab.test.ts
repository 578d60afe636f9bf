/** Cron means what Celery means: against answers that Celery's own crontab gave (celery/crontab.json), and, where Celery is
 * installed, against those it gives now. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { parseCron } from "../../runtime/schedule/cron.ts";
import { type CronFieldName, parseCronField } from "../../runtime/schedule/cron-field.ts";
import { nextCron } from "../../runtime/schedule/cron-timing.ts";
import { zoneNamed } from "../../runtime/schedule/zone.ts";
import { FACILITY_SCHEDULES } from "../../services/scheduler/facility-schedules.ts";

interface Answers {
  readonly celery: string;
  readonly start: number;
  readonly count: number;
  readonly firings: Readonly<Record<string, { sha256: string; first: number[]; last: number }>>;
  readonly fields: Readonly<Record<string, Readonly<Record<string, number[]>>>>;
  readonly refused: Readonly<Record<string, string[]>>;
}

const SCRIPT = fileURLToPath(new URL("celery/crontab.py", import.meta.url));
const answers: Answers = JSON.parse(readFileSync(new URL("celery/crontab.json", import.meta.url), "utf8"));
const NAMES: Readonly<Record<string, CronFieldName>> = {
  minute: "minute",
  hour: "hour",
  day_of_month: "dayOfMonth",
  month_of_year: "month",
  day_of_week: "dayOfWeek",
};

/** Seconds since the epoch, as Celery gives them. */
function firings(expression: string): number[] {
  const cron = parseCron(expression);
  const zone = zoneNamed("UTC");
  const found: number[] = [];
  for (let at = answers.start * 1_000; found.length < answers.count; ) {
    at = nextCron(cron, zone, at) ?? Number.NaN;
    found.push(at / 1_000);
  }
  return found;
}

describe("Celery's crontab", () => {
  test("covers every schedule of the facility", () => {
    const expressions = FACILITY_SCHEDULES.map(({ timing }) => (timing.kind === "cron" ? timing.expression : ""));
    expect(Object.keys(answers.firings)).toEqual(expect.arrayContaining(expressions));
  });

  test.each(Object.entries(answers.firings))("%s: the next 1000 firings are the same", (expression, expected) => {
    const found = firings(expression);
    expect({ first: found.slice(0, 3), last: found.at(-1) }).toEqual({ first: expected.first, last: expected.last });
    expect(createHash("sha256").update(found.join(",")).digest("hex")).toBe(expected.sha256);
  });

  test.each(Object.entries(answers.fields))("%s: the same values for every text", (name, texts) => {
    expect(Object.keys(texts).length).toBeGreaterThan(30);
    for (const [text, values] of Object.entries(texts)) {
      expect([text, parseCronField(NAMES[name] ?? "minute", text).values]).toEqual([text, values]);
    }
  });

  test.each(Object.entries(answers.refused))("%s: what Celery refuses is refused", (name, texts) => {
    expect(texts.length).toBeGreaterThan(5);
    for (const text of texts) {
      // Classic cron's names and Sunday as 7 are ours; nothing of this list is among them.
      expect(() => parseCronField(NAMES[name] ?? "minute", text)).toThrow(
        expect.objectContaining({ code: "CRON_INVALID" }),
      );
    }
  });

  test("the answers are those of Celery itself, where it is installed", async () => {
    const run = promisify(execFile);
    const isThere = await run("/usr/bin/python3", ["-c", "import celery"]).then(
      () => true,
      () => false,
    );
    if (!isThere) return console.info("python3-celery is not installed: compared with its recorded answers alone");
    const { stdout } = await run("/usr/bin/python3", [SCRIPT], { maxBuffer: 16 * 1_048_576 });
    const now: Answers = JSON.parse(stdout);
    expect({ ...now, celery: "" }).toEqual({ ...answers, celery: "" });
  }, 400_000);
});
