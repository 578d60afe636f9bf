// A cron expression in words, for people; what it means is `cron.ts`. It imports no code of ours: the dashboard carries it.
import cronstrue from "cronstrue";

const MACROS: Readonly<Record<string, string>> = {
  "@hourly": "Every hour",
  "@daily": "Every day at 00:00",
  "@midnight": "Every day at 00:00",
  "@weekly": "At 00:00, on Sunday",
  "@monthly": "At 00:00, on day 1 of the month",
  "@yearly": "At 00:00, on 1 January",
  "@annually": "At 00:00, on 1 January",
};
/** Values of a minute and of an hour field. */
const SIZES = [60, 24];

/** `At 06:30, Monday through Friday`; "" for what is no cron expression. `days` as in a schedule's definition. */
export function cronWords(cron: string, days: "and" | "or" = "and"): string {
  const macro = MACROS[cron.trim().toLowerCase()];
  if (macro !== undefined) return macro;
  try {
    const words = cronstrue
      .toString(withUnevenStepsListed(cron), { use24HourTimeFormat: true })
      .replace(/^At [\d:]+( and [\d:]+|(, [\d:]+)*,? and [\d:]+)?$/, (times) => `Every day at${times.slice(2)}`);
    if (!restrictsBothDays(cron)) return words;
    return days === "or" ? words.replace(", and on", ", or on") : `${words} (both must fit)`;
  } catch {
    return "";
  }
}

/** Whether day of month and day of week are both restricted, so that it matters how they go together. */
export function restrictsBothDays(cron: string): boolean {
  const [, , dayOfMonth = "*", , dayOfWeek = "*"] = cron.trim().split(/\s+/);
  return dayOfMonth !== "*" && dayOfWeek !== "*";
}

/** Minute 0, 27 and 54 is not every 27 minutes: the last are six apart. */
function withUnevenStepsListed(cron: string): string {
  return cron
    .trim()
    .split(/\s+/)
    .map((field, index) => {
      const size = SIZES[index];
      const step = Number(/^\*\/(\d+)$/.exec(field)?.[1]);
      if (size === undefined || !(step > 0) || size % step === 0) return field;
      return Array.from({ length: Math.ceil(size / step) }, (_, turn) => turn * step).join(",");
    })
    .join(" ");
}
