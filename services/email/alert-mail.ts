// The mail about readings that are out of range, line by line: what was asked, what would have been right, what was answered.
import { localTime } from "../site-time.ts";
import { ACCENTS, type Fact, layOut, type Mail } from "./mail-layout.ts";

export interface AlertFacts {
  readonly work: {
    readonly name: string;
    readonly identifier: string;
    readonly asset: string | null;
    readonly checklist: string | null;
    readonly performedBy: string | null;
    readonly endedAt: string | null;
    readonly remarks: string | null;
  };
  readonly site: { readonly name: string; readonly timezone: string };
  readonly lines: readonly {
    readonly seqno: number;
    readonly question: string;
    readonly minValue: number | null;
    readonly maxValue: number | null;
    readonly options: string | null;
    readonly alertOn: string | null;
    readonly answer: string | null;
  }[];
  readonly files: readonly string[];
}

export function alertMail({ work, site, lines, files }: AlertFacts): Mail {
  const checkpoint = work.identifier === "INTERNALTOUR" && work.asset !== null ? `Checkpoint:${work.asset} at ` : "";
  const checklist = work.checklist ?? work.name;
  const count = lines.length === 1 ? "One reading is" : `${lines.length} readings are`;
  return layOut({
    subject: `[READINGS ALERT] ${checkpoint}Site:${site.name} having checklist [${checklist}] - readings out of range`,
    siteName: site.name,
    accent: ACCENTS.bad,
    kicker: "Readings alert",
    title: checklist,
    badges: [
      {
        text: lines.length === 1 ? "1 READING" : `${lines.length} READINGS`,
        background: ACCENTS.bad,
        colour: "#ffffff",
      },
    ],
    lead: `${count} out of range in "${work.name}".`,
    sections: [
      { title: "Readings", facts: lines.map(lineFact) },
      { title: "Work", facts: workFacts(work, site) },
      ...(files.length === 0
        ? []
        : [{ title: "Files", facts: files.map((file, index): Fact => [`File ${index + 1}`, file]) }]),
    ],
    reason:
      "You get this mail because you are in charge of this site, or get your organisation's alerts. " +
      "Times are the site's.",
  });
}

/** `3. Oil pressure` → `Answer 9.5 · in range 2 to 6 · alert on >8`. */
function lineFact({
  seqno,
  question,
  minValue,
  maxValue,
  options,
  alertOn,
  answer,
}: AlertFacts["lines"][number]): Fact {
  const said = [
    `Answer: ${answer ?? "none"}`,
    ...(minValue === null && maxValue === null ? [] : [`In range: ${rangeOf(minValue, maxValue)}`]),
    ...(options === null || options === "" ? [] : [`Options: ${options}`]),
    ...(alertOn === null || alertOn === "" ? [] : [`Alert on: ${alertOn}`]),
  ];
  return [`${seqno}. ${question}`, said.join("\n")];
}

function rangeOf(minValue: number | null, maxValue: number | null): string {
  if (minValue === null) return `up to ${maxValue}`;
  return maxValue === null ? `from ${minValue}` : `${minValue} to ${maxValue}`;
}

function workFacts(work: AlertFacts["work"], site: AlertFacts["site"]): Fact[] {
  return [
    ["Site", site.name],
    ["Work", work.name],
    ...(work.asset === null ? [] : [["Asset", work.asset] as const]),
    ["Done by", work.performedBy ?? "Unknown"],
    ["Done at", work.endedAt === null ? "Unknown" : localTime(work.endedAt, site.timezone)],
    ...(work.remarks === null || work.remarks === "" ? [] : [["Remarks", work.remarks] as const]),
  ];
}
