// The mails about reports: with the file, without data, too large for a mail, or late.
import { localTime } from "../site-time.ts";
import { ACCENTS, layOut, type Mail } from "./mail-layout.ts";

/** Mail servers refuse more, of which base64 takes a third. */
export const MOST_ATTACHED_BYTES = 15_000_000;

export interface ReportFacts {
  readonly report: {
    readonly id: number;
    readonly title: string;
    readonly format: string;
    readonly contentType: string;
    readonly state: string;
    readonly fileName: string | null;
    readonly bytes: number | null;
    readonly rows: number | null;
    readonly pages: number | null;
    readonly timezone: string;
    readonly periodFrom: string | null;
    readonly periodUpto: string | null;
  };
  readonly clientName: string;
  readonly siteNames: readonly string[];
  readonly dueAt: string | null;
  readonly isLate: boolean;
}

export function reportMail({ report, clientName, siteNames, dueAt, isLate }: ReportFacts): Mail {
  const { title, timezone, periodFrom, periodUpto } = report;
  const isEmpty = report.state === "NO_DATA";
  const isTooLarge = (report.bytes ?? 0) > MOST_ATTACHED_BYTES;
  const period = periodFrom === null || periodUpto === null ? null : periodText(periodFrom, periodUpto, timezone);
  const lateness = isLate && dueAt !== null ? ` It was due at ${localTime(dueAt, timezone)} and is late.` : "";
  const lead = isEmpty
    ? "There was no data for this period. Nothing is attached."
    : isTooLarge
      ? `The file has ${size(report.bytes)}, more than a mail carries. Download it as report ${report.id}.`
      : "The report is attached.";
  return layOut({
    subject: `${title}${period === null ? "" : ` – ${period}`}${isEmpty ? " – no data" : ""}`,
    siteName: siteNames.length === 1 ? (siteNames[0] ?? clientName) : clientName,
    accent: isEmpty ? ACCENTS.warn : ACCENTS.calm,
    kicker: isEmpty ? "Report without data" : "Your report",
    title,
    badges: [
      { text: report.format.toUpperCase(), background: "#eef1f4", colour: "#33475b" },
      ...(isLate ? [{ text: "LATE", background: ACCENTS.warn, colour: "#ffffff" }] : []),
    ],
    lead: `${lead}${lateness}`,
    sections: [
      {
        facts: [
          ...(period === null ? [] : [["Period", period] as const]),
          ...(clientName === "" ? [] : [["Client", clientName] as const]),
          ...(siteNames.length === 0 ? [] : [[siteNames.length === 1 ? "Site" : "Sites", namesOf(siteNames)] as const]),
          ...(isEmpty || report.fileName === null ? [] : [["File", report.fileName] as const]),
          ...(isEmpty ? [] : [["Rows", String(report.rows ?? 0)] as const]),
          ...(isEmpty || report.pages === null ? [] : [["Pages", String(report.pages)] as const]),
        ],
      },
    ],
    reason: `You get this mail because the report's recipients name you. Times are those of ${timezone}.`,
  });
}

/** "4 Jan 2026", "1–31 Mar 2026"; with times where the period does not go from midnight to midnight. */
function periodText(from: string, upto: string, timeZone: string): string {
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone, timeStyle: "medium" });
  const isOfDays = [from, upto].every((instant) => clock.format(new Date(instant)) === "00:00:00");
  const format = new Intl.DateTimeFormat("en-GB", {
    ...{ timeZone, day: "numeric", month: "short", year: "numeric" },
    ...(isOfDays ? {} : { hour: "2-digit", minute: "2-digit" }),
  });
  const range = format.formatRange(new Date(from), new Date(Date.parse(upto) - (isOfDays ? 1 : 0)));
  return range.replaceAll(/\s*–\s*/g, "–");
}

function namesOf(names: readonly string[]): string {
  return names.length <= 5 ? names.join(", ") : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;
}

function size(bytes: number | null): string {
  return `${((bytes ?? 0) / 1_000_000).toFixed(1)} MB`;
}
