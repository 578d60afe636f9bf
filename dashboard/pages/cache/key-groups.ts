// Keys below a prefix, as one looks through them: those that go on with another part are a group, the others stand alone.

export interface KeyGroups {
  /** Parts with their colon, `site:`, and how many keys begin with them. */
  readonly groups: readonly { readonly part: string; readonly count: number }[];
  readonly keys: readonly string[];
}

/** @param keys - all beginning with `prefix`, in order. */
export function groupsOf(keys: readonly string[], prefix: string): KeyGroups {
  const counts = new Map<string, number>();
  const alone: string[] = [];
  for (const key of keys) {
    const colon = key.indexOf(":", prefix.length);
    if (colon < 0) alone.push(key);
    else {
      const part = key.slice(prefix.length, colon + 1);
      counts.set(part, (counts.get(part) ?? 0) + 1);
    }
  }
  return { groups: [...counts].map(([part, count]) => ({ part, count })), keys: alone };
}

/** `site:12:` as the steps that lead there: `site:` and `site:12:`. */
export function stepsTo(prefix: string): readonly { readonly part: string; readonly prefix: string }[] {
  const parts = prefix.split(/(?<=:)/).filter((part) => part !== "");
  return parts.map((part, index) => ({ part, prefix: parts.slice(0, index + 1).join("") }));
}

/** What a text means in a glob: itself. */
export function literal(text: string): string {
  return text.replaceAll(/[*?[\]\\^]/g, (character) => `\\${character}`);
}

/** A glob as it stands; any other text is looked for anywhere below the prefix. */
export function patternOf(prefix: string, find: string): string {
  if (find === "") return `${literal(prefix)}*`;
  return /[*?[]/.test(find) ? `${literal(prefix)}${find}` : `${literal(prefix)}*${literal(find)}*`;
}
