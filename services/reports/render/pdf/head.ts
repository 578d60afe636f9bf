// The beginning of the first page: logo or client, title, and what the report is about.
import type { DocumentHead } from "../../document.ts";
import { generatedText } from "../cell-text.ts";
import { imageKind } from "../image-kind.ts";
import { ACCENT, INK, MUTED } from "../palette.ts";
import type { ZoneClock } from "../zone-clock.ts";
import { drawFacts } from "./facts.ts";
import type { Sheets } from "./sheets.ts";
import { settable } from "./type-setter.ts";

const LOGO_WIDTH = 150;
const LOGO_HEIGHT = 34;
const TITLE_SIZE = 19;
const TITLE_LINE = 24;

export function drawHead(sheets: Sheets, head: DocumentHead, clock: ZoneClock): void {
  const { canvas, type, left, right, width } = sheets;
  const top = sheets.y;
  if (!drawLogo(sheets, head)) {
    const name = type.fit(settable(head.clientName), 13, width * 0.6, "bold");
    canvas.text(name, left, top + 22, { size: 13, colour: ACCENT, weight: "bold" });
  }
  const made = generatedText(head.generatedAt, clock);
  canvas.text("Generated", right, top + 13, { size: 7, colour: MUTED, align: "right" });
  canvas.text(made, right, top + 23, { size: 8, colour: INK, align: "right" });
  sheets.y = top + LOGO_HEIGHT + 8;
  canvas.rect(left, sheets.y, width, 1.6, ACCENT);
  sheets.y += 12;
  for (const line of type.wrap(settable(head.title), TITLE_SIZE, width, "bold").slice(0, 3)) {
    sheets.y += TITLE_LINE;
    canvas.text(line, left, sheets.y - 5, { size: TITLE_SIZE, colour: INK, weight: "bold" });
  }
  for (const line of type.wrap(settable(head.subtitle ?? ""), 10, width).slice(0, 3)) {
    if (line === "") continue;
    sheets.y += 14;
    canvas.text(line, left, sheets.y - 3, { size: 10, colour: MUTED });
  }
  sheets.y += 10;
  drawFacts(sheets, head.facts);
}

/** Tells whether there was one that could be drawn. */
function drawLogo(sheets: Sheets, { logo }: DocumentHead): boolean {
  if (logo === undefined || imageKind(logo) === undefined) return false;
  try {
    sheets.paint((document) => {
      document.image(Buffer.from(logo), sheets.left, sheets.y, { fit: [LOGO_WIDTH, LOGO_HEIGHT], valign: "center" });
    });
    return true;
  } catch {
    return false; // A picture that cannot be read is no reason to have no report.
  }
}
