// `apium schedules explain <name>`: the reasons, a line each, with what to do below.
import type { Answer } from "../client.ts";
import { bad, dim, good, odd } from "../output.ts";

export function scheduleExplanationText({ name, task, reasons }: Answer): string {
  const lines = reasons.map(({ code, message, suggestion }: Answer) =>
    [`${mark(code)}  ${message}`, ...(suggestion === null ? [] : [dim(`  ${suggestion}`)])].join("\n"),
  );
  return [`${name} ${dim(`runs ${task}`)}`, ...lines].join("\n");
}

function mark(code: string): string {
  if (code === "DUE") return good(code);
  return ["DISABLED", "DONE", "NOT_BEGUN", "SLOTS_WAIT", "MISSED"].includes(code) ? odd(code) : bad(code);
}
