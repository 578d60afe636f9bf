// Every section as a table, for formats that know nothing else: the columns of its rows.
import type { Column } from "../document.ts";
import type { SectionHead } from "./messages.ts";

const CODES: readonly Column[] = [
  { key: "code", title: "Code", kind: "text" },
  { key: "name", title: "Name", kind: "text", width: 2 },
  { key: "payload", title: "Content", kind: "text", width: 2 },
];
const FORM: readonly Column[] = [
  { key: "label", title: "Field", kind: "text" },
  { key: "value", title: "Value", kind: "text", width: 2 },
];
const SIGNATURES: readonly Column[] = [
  { key: "role", title: "Role", kind: "text" },
  { key: "name", title: "Name", kind: "text" },
  { key: "state", title: "State", kind: "status" },
  { key: "at", title: "Signed at", kind: "instant" },
];

export function columnsOf(head: SectionHead): readonly Column[] {
  if (head.kind === "table") return head.columns;
  if (head.kind === "codes") return CODES;
  return head.kind === "form" ? FORM : SIGNATURES;
}
