// Answers of a checklist: which are missing, which are no answer at all, and which raise an alert. Pure.

export interface Line {
  readonly id: number;
  readonly seqno: number;
  readonly answerType: string;
  readonly minValue: number | null;
  readonly maxValue: number | null;
  /** Words that raise an alert, parted by commas; for numbers also `<10` and `>50`. */
  readonly alertOn: string | null;
  readonly isMandatory: boolean;
  readonly answer: string | null;
}

const NUMBERS = new Set(["NUMERIC", "METERREADING", "RATING"]);
/** A placeholder that nobody answers. */
const UNANSWERED = "NONE";

/** What is wrong with an answer, in words; `undefined` for a good one. An empty answer is none, not a wrong one. */
export function problemOf({ answerType }: Pick<Line, "answerType">, answer: string | null): string | undefined {
  if (isEmpty(answer) || !NUMBERS.has(answerType)) return undefined;
  return Number.isFinite(Number(answer)) ? undefined : "must be a number";
}

/** Lines that must be answered and are not. */
export function missingAnswers<L extends Pick<Line, "answerType" | "isMandatory" | "answer">>(
  lines: readonly L[],
): L[] {
  return lines.filter((line) => line.isMandatory && line.answerType !== UNANSWERED && isEmpty(line.answer));
}

/** Whether an answer is out of bounds, or among those to be alerted of. */
export function isAlert(line: Omit<Line, "id" | "seqno" | "answer" | "isMandatory">, answer: string | null): boolean {
  if (answer === null || isEmpty(answer)) return false;
  const words = listOf(line.alertOn);
  if (!NUMBERS.has(line.answerType)) {
    const given = new Set(listOf(answer));
    return words.some((word) => given.has(word));
  }
  const value = Number(answer);
  if (line.minValue !== null && value < line.minValue) return true;
  if (line.maxValue !== null && value > line.maxValue) return true;
  return words.some((word) => {
    const [, sign, bound] = /^([<>]=?|=)?\s*(-?\d+(?:\.\d+)?)$/.exec(word) ?? [];
    if (bound === undefined) return false;
    const limit = Number(bound);
    if (sign === "<") return value < limit;
    if (sign === "<=") return value <= limit;
    if (sign === ">") return value > limit;
    if (sign === ">=") return value >= limit;
    return value === limit;
  });
}

function listOf(text: string | null): string[] {
  return (text ?? "")
    .split(",")
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== "");
}

function isEmpty(answer: string | null): boolean {
  return answer === null || answer.trim() === "";
}
