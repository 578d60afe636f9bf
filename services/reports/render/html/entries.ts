// Codes, lines of a form and signatures in HTML.
import type { CodesSection, Row } from "../../document.ts";
import { qrRuns } from "../qr-runs.ts";
import { signatureTone } from "../signature-tone.ts";
import { element, escaped } from "./markup.ts";

const CODE_MM = { S: 25, M: 40, L: 60 } as const;
/** White modules around a code. */
const QUIET = 4;

export function codeHtml(row: Row, size: CodesSection["size"]): string {
  const text = (key: string) => String(row[key] ?? "");
  const below = `${element("strong", text("code"))}${element("div", text("name"))}`;
  return `<figure class="code">${qrSvg(text("payload"), CODE_MM[size])}${below}</figure>\n`;
}

export function formHtml([label, value]: readonly string[]): string {
  return `<div>${element("dt", label)}${element("dd", value)}</div>\n`;
}

export function signatureHtml([role, name, state, at]: readonly string[], row: Row): string {
  const tone = signatureTone(row.state);
  const pill = `<span class="pill ${tone}">${escaped(state ?? "")}</span>`;
  return `<div class="signature">${element("div", role, "muted")}${element("strong", name)}<div>${pill} ${element("small", at, "muted")}</div></div>\n`;
}

function qrSvg(payload: string, mm: number): string {
  const code = qrRuns(payload);
  if (code === undefined) return element("div", "no code: the content is missing or too long", "muted");
  const edge = code.size + 2 * QUIET;
  const whole = Math.round((mm * edge * 100) / code.size) / 100;
  const path = code.runs.map(({ x, y, length }) => `M${x + QUIET} ${y + QUIET}h${length}v1h-${length}z`).join("");
  return `<svg viewBox="0 0 ${edge} ${edge}" width="${whole}mm" height="${whole}mm" shape-rendering="crispEdges"><path fill="#000" d="${path}"/></svg>`;
}
