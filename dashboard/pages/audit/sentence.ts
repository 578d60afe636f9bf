// What a change was about and what came of it, in a line: `name send_mail, states RETRY, 3 matched, 3 released`. All of it, as it
// was written down, is in the JSON.

const MOST_PARTS = 8;
const MOST_CHARACTERS = 60;
/** What was done to so many: `matched`, `released`, `left`. */
const COUNTED = /(ed|left)$/;

/**
 * Counts come after what was meant; what is empty, zero or not so goes without saying, but of a change of fields: there it is
 * what they are now.
 */
export function sentenceOf(details: unknown, action = ""): string {
  if (typeof details !== "object" || details === null) return clipped(String(details));
  const isOfFields = action.endsWith(".change");
  const told = Object.entries(details).filter(([, value]) => isOfFields || !goesWithoutSaying(value));
  const isCount = ([name, value]: readonly [string, unknown]) => typeof value === "number" && COUNTED.test(name);
  const parts = [...told.filter((part) => !isCount(part)), ...told.filter(isCount)].map(([name, value]) =>
    partOf(name, value),
  );
  return parts.length <= MOST_PARTS ? parts.join(", ") : `${parts.slice(0, MOST_PARTS).join(", ")} and more`;
}

function goesWithoutSaying(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === null || value === false || value === 0 || value === "";
}

function partOf(name: string, value: unknown): string {
  if (value === true) return wordsOf(name);
  if (typeof value === "number" && COUNTED.test(name)) return `${value.toLocaleString("en")} ${wordsOf(name)}`;
  if (Array.isArray(value)) return clipped(`${wordsOf(name)} ${value.map(textOf).join(" ")}`);
  if (typeof value !== "object" || value === null) return clipped(`${wordsOf(name)} ${textOf(value)}`);
  const own = Object.entries(value).map(([of, one]) => `${of} ${textOf(one)}`);
  return clipped(`${wordsOf(name)} ${own.join(" ")}`);
}

function textOf(value: unknown): string {
  return typeof value === "object" && value !== null ? "…" : String(value);
}

/** `byName` as `by name`. */
function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function clipped(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`;
}
