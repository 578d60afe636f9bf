// What a signature's state means for whoever looks for it.
const GOOD = /^(approved|signed|accepted|verified|completed)$/i;
const BAD = /^(rejected|refused|declined)$/i;

export function signatureTone(state: unknown): "good" | "bad" | "muted" {
  if (typeof state !== "string") return "muted";
  if (GOOD.test(state)) return "good";
  return BAD.test(state) ? "bad" : "muted";
}
