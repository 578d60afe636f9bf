// How a report looks in a browser, by day, by night, and on paper.
import { ACCENT, HAIRLINE, INK, MUTED, TONES, ZEBRA } from "../palette.ts";

const tones = Object.entries(TONES).map(
  ([name, { ink, fill }]) => `.${name}{color:${ink}}.pill.${name}{background:${fill}}`,
);

export const STYLE = `
:root{color-scheme:light dark;--page:#fff;--ink:${INK};--muted:${MUTED};--line:${HAIRLINE};--zebra:${ZEBRA};--accent:${ACCENT};--pill:#eceff3}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1280px;padding:32px 28px;background:var(--page);color:var(--ink);font:14px/1.45 "Noto Sans",system-ui,"Segoe UI",Roboto,sans-serif}
header .top{display:flex;justify-content:space-between;align-items:center;gap:24px;border-bottom:2px solid var(--accent);padding-bottom:12px}
header img{max-height:52px;max-width:220px}
.client{font-weight:600;font-size:16px;color:var(--accent)}
.generated,.subtitle,.note,footer{color:var(--muted)}
.generated{font-size:12px}
h1{font-size:26px;line-height:1.2;margin:20px 0 4px}
h2{font-size:17px;margin:34px 0 8px;color:var(--accent)}
.subtitle{margin:0 0 8px}
dl.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:10px 24px;background:var(--zebra);border-radius:8px;padding:14px 18px;margin:16px 0}
dt{font-size:11px;color:var(--muted);text-transform:uppercase;letter-spacing:.04em}
dd{margin:0;overflow-wrap:anywhere;white-space:pre-line}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px}
th{background:${ACCENT};color:#fff;text-align:left;font-weight:600;position:sticky;top:0}
th,td{padding:6px 10px;vertical-align:top}
td{border-bottom:1px solid var(--line);overflow-wrap:anywhere;white-space:pre-line;min-width:4em}
tbody tr:nth-child(even){background:var(--zebra)}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.time{white-space:nowrap}
tr.totals td{font-weight:600;border-top:2px solid var(--accent);border-bottom:0}
.pill{display:inline-block;border-radius:10px;padding:1px 9px;font-size:12px;font-weight:600;white-space:nowrap;background:var(--pill)}
${tones.join("\n")}
.empty{padding:22px;text-align:center;color:var(--muted);border:1px dashed var(--line);border-radius:8px}
figure{margin:14px 0 20px}
figure svg{max-width:100%;height:auto}
.f-text{fill:var(--ink)}.f-muted{fill:var(--muted)}.f-grid{fill:var(--line)}.f-page{fill:var(--page)}
.s-text{stroke:var(--ink)}.s-muted{stroke:var(--muted)}.s-grid{stroke:var(--line)}.s-page{stroke:var(--page)}
.codes{display:flex;flex-wrap:wrap;gap:14px}
.code{margin:0;padding:10px;border:1px dashed var(--line);text-align:center;break-inside:avoid;font-size:12px}
.code svg{display:block;margin:0 auto 6px;background:#fff}
.signatures{display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:16px}
.signature{border:1px solid var(--line);border-radius:8px;padding:12px 14px;break-inside:avoid}
footer{margin-top:36px;padding-top:10px;border-top:1px solid var(--line);font-size:12px}
@media (prefers-color-scheme:dark){
:root{--page:#12181f;--ink:#e6ebf0;--muted:#9aa7b4;--line:#2e3945;--zebra:#1a222b;--accent:#5db4ee;--pill:#2a3541}
${Object.entries(TONES)
  .map(([name, { fill, ink }]) => `.${name}{color:${fill}}.pill.${name}{background:${ink}}`)
  .join("\n")}
}
@media print{
:root{color-scheme:light;--page:#fff;--ink:${INK};--muted:${MUTED};--line:${HAIRLINE};--zebra:${ZEBRA};--accent:${ACCENT};--pill:#eceff3}
body{max-width:none;padding:0;font-size:11px}table{font-size:10px}thead{display:table-header-group}th{position:static}
tr,figure{break-inside:avoid}.scroll{overflow:visible}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
${tones.join("\n")}
}`;
