// States and priorities of the facility, as badges.
import { Badge, type Tone } from "../../parts/badge.tsx";

const TONES: Readonly<Record<string, Tone>> = {
  NEW: "wait",
  OPEN: "busy",
  ONHOLD: "warn",
  RESOLVED: "good",
  CLOSED: "calm",
  CANCELLED: "calm",
  ASSIGNED: "wait",
  INPROGRESS: "busy",
  COMPLETED: "good",
  PARTIALLYCOMPLETED: "warn",
  AUTOCLOSED: "bad",
  READY: "good",
  QUEUED: "wait",
  RUNNING: "busy",
  MAKING: "busy",
  FAILED: "bad",
  EXPIRED: "calm",
  GONE: "calm",
  NO_DATA: "calm",
};

const WORDS: Readonly<Record<string, string>> = {
  ONHOLD: "On hold",
  INPROGRESS: "In progress",
  PARTIALLYCOMPLETED: "Partly done",
  AUTOCLOSED: "Closed undone",
  USERDEFINED: "A person",
  SYSTEMGENERATED: "The system",
  PPM: "Planned maintenance",
  SITEREPORT: "Site report",
  INCIDENTREPORT: "Incident report",
  INTERNALTOUR: "Internal tour",
  EXTERNALTOUR: "External tour",
  ASSETLOG: "Asset log",
  ASSETAUDIT: "Asset audit",
  ASSETMAINTENANCE: "Asset maintenance",
  METERREADING: "Meter reading",
  WORKPERMIT: "Work permit",
};

export function FacilityState({ state }: { state: string }) {
  return <Badge tone={TONES[state] ?? "calm"}>{wordOf(state)}</Badge>;
}

export function wordOf(state: string): string {
  return WORDS[state] ?? state.charAt(0) + state.slice(1).toLowerCase().replaceAll("_", " ");
}

export function Priority({ priority }: { priority: string }) {
  const tone = priority === "HIGH" ? "bad-text" : priority === "LOW" ? "muted" : "";
  return <span class={tone}>{wordOf(priority)}</span>;
}
