/**
 * WORKPERMIT: a permit to work, of whatever type (cold, hot, height, confined space, electrical, entry request, general:
 * the name of its checklist): its sections filled in, and who decided. One that is not in force says so above everything.
 */
import { z } from "zod";
import { id } from "../../fields.ts";
import { localTime } from "../../site-time.ts";
import { defineReport } from "../definition.ts";
import type { Fact, FormSection, Row } from "../document.ts";
import { decisionsOf, type Line, linesOf, type WorkOrderRecord, workOrderRecord } from "./work-order-record.ts";

const params = z.strictObject({ workOrderId: id });
type Params = z.output<typeof params>;

const KIND = { identifier: "WP", noun: "work permit" } as const;

export const workPermit = defineReport<Params>({
  key: "WORKPERMIT",
  title: "Work Permit",
  description: "One permit to work: its sections as they were filled in, and who verified and approved it.",
  formats: ["pdf", "html"],
  params,
  period: "none",
  async document({ params: { workOrderId }, scope, now }, reader) {
    const permit = await workOrderRecord(reader, scope, workOrderId, KIND);
    const lines = await linesOf(reader, scope, permit.id);
    const decisions = await decisionsOf(reader, scope, permit);
    const objection = objectionTo(permit, now);
    const subtitle = [permit.number, objection].filter(Boolean).join(" – ");
    return {
      title: permit.questionSet ?? "General Work Permit",
      ...(subtitle === "" ? {} : { subtitle }),
      facts: permitFacts(permit),
      clientName: permit.clientName,
      timezone: permit.timezone,
      generatedAt: new Date(now).toISOString(),
      sections: [...forms(lines, objection), ...decisions],
    };
  },
});

function permitFacts(permit: WorkOrderRecord): Fact[] {
  const { timezone } = permit;
  const facts: readonly (readonly [string, string | null])[] = [
    ["Site", permit.siteName],
    ["Location", permit.location],
    ["Asset", permit.asset],
    ["Vendor", permit.vendor],
    ["Performed by", permit.performedBy],
    ["Work", permit.description === "" ? null : permit.description],
    ["Valid from", permit.planAt && localTime(permit.planAt, timezone)],
    ["Valid until", permit.expiryAt && localTime(permit.expiryAt, timezone)],
    ["Requested by", permit.createdBy],
    ["Requested on", localTime(permit.createdAt, timezone)],
    ["Permit", word(permit.permitStatus)],
    ["Verification", permit.verifierStatus === "NOT_REQUIRED" ? null : word(permit.verifierStatus)],
    ["Work status", word(permit.status)],
  ];
  return facts.flatMap(([label, value]) => (value === null ? [] : [{ label, value }]));
}

/** Why nobody may work on it now. Pure. */
export function objectionTo(
  permit: Pick<WorkOrderRecord, "status" | "permitStatus" | "verifierStatus" | "planAt" | "expiryAt">,
  now: number,
): string | undefined {
  const { status, permitStatus, verifierStatus, planAt, expiryAt } = permit;
  if (status === "CANCELLED") return "NOT VALID: the permit is cancelled.";
  if (permitStatus === "REJECTED" || verifierStatus === "REJECTED") return "NOT VALID: the permit is rejected.";
  if (verifierStatus === "PENDING") return "NOT VALID: the permit is not verified yet.";
  if (permitStatus === "PENDING") return "NOT VALID: the permit is not approved yet.";
  if (status === "CLOSED" || status === "COMPLETED") return "The work is done and the permit returned.";
  if (expiryAt !== null && Date.parse(expiryAt) <= now) return "NOT VALID: the permit has expired.";
  if (planAt !== null && Date.parse(planAt) > now) return "NOT VALID YET: see when it begins.";
  return undefined;
}

/** A form for each section. Without any line there is one that says so, so that the permit can still be printed. */
function forms(lines: readonly Line[], note: string | undefined): FormSection[] {
  const sections = [...Map.groupBy(lines, ({ sectionId }) => sectionId).values()];
  const filled = sections.map(
    (ofSection): FormSection => ({
      kind: "form",
      heading: ofSection[0]?.section ?? "Details",
      rows: [ofSection.map(formRow)],
    }),
  );
  const [first = { kind: "form", heading: "Details", rows: [[{ label: "Answers", value: "none" }]] }, ...others] =
    filled;
  return [{ ...first, ...(note === undefined ? {} : { note }) }, ...others];
}

function formRow({ question, answer, unit, files }: Line): Row {
  const said = [answer ?? "", answer === null || answer === "" ? null : unit].filter(Boolean).join(" ");
  const attached = files === 0 ? null : `(${files} ${files === 1 ? "file" : "files"})`;
  return { label: question ?? "", value: [said, attached].filter(Boolean).join(" ") };
}

function word(state: string): string {
  return `${state.slice(0, 1)}${state.slice(1).toLowerCase().replaceAll("_", " ")}`;
}
