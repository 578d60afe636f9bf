// Names of sheets as Excel takes them: 31 characters, some forbidden, no two alike.
const MAX_LENGTH = 31;
const FORBIDDEN = /[\\/?*[\]:]/g;

export class SheetNames {
  readonly #taken = new Set<string>(["history"]); // Excel's own.

  /** `wanted`, or as much of it as can be had. */
  claim(wanted: string): string {
    const clean = wanted.replaceAll(FORBIDDEN, " ").replaceAll(/\s+/g, " ").trim();
    const base = trimmed(clean, MAX_LENGTH) || "Report";
    let name = base;
    for (let number = 2; this.#taken.has(name.toLowerCase()); number++) {
      const suffix = ` (${number})`;
      name = `${trimmed(base, MAX_LENGTH - suffix.length)}${suffix}`;
    }
    this.#taken.add(name.toLowerCase());
    return name;
  }
}

function trimmed(text: string, length: number): string {
  return text
    .slice(0, length)
    .toWellFormed()
    .replaceAll(/^[' ]+|[' ]+$/g, "");
}
