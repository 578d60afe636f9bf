// Keys as django-redis writes them: `prefix:version:key`. Globs are Redis' own: * ? [ab] [a-z] [^a], and \ before one of
// them to mean itself.

export interface Keyspace {
  readonly prefix: string;
}

export function fullKey({ prefix }: Keyspace, version: number, key: string): string {
  return `${prefix}:${version}:${key}`;
}

/** The user's part of a full key of this version, or undefined when it is another's. */
export function ownKey({ prefix }: Keyspace, version: number, full: string): string | undefined {
  const head = `${prefix}:${version}:`;
  return full.startsWith(head) ? full.slice(head.length) : undefined;
}

/** The user's glob within one version; what the prefix holds of special characters means itself. */
export function fullPattern({ prefix }: Keyspace, version: number, pattern: string): string {
  return `${escapeGlob(prefix)}:${version}:${pattern}`;
}

/** Every key of a cache, in all versions. */
export function wholeCache({ prefix }: Keyspace): string {
  return `${escapeGlob(prefix)}:[0-9]*:*`;
}

/** Tags, leases and locks stand beside the caches' keys, where no glob of a cache reaches. */
export const sideKey = {
  lease: (full: string) => `apium:lease:${full}`,
  /** The tags a value carries. */
  tagsOf: (full: string) => `apium:tags-of:${full}`,
  /** When a tag was invalidated last. */
  tagInvalidAt: (tag: string) => `apium:tag-at:${tag}`,
  tag: ({ prefix }: Keyspace, tag: string) => `apium:tag:${prefix}:${tag}`,
  lock: ({ prefix }: Keyspace, name: string) => `apium:lock:${prefix}:${name}`,
};

function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]\\^]/g, (character) => `\\${character}`);
}

/**
 * Redis' glob as a regular expression, for the store in this process. A star takes no more than it must to reach what comes
 * after it, and never anything else (a look ahead is not tried again): many stars must not hold up the process.
 */
export function globExpression(pattern: string): RegExp {
  const between = [""];
  const add = (source: string) => between.push((between.pop() ?? "") + source);
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? "";
    if (character === "*") between.push("");
    else if (character === "?") add("[^]");
    else if (character === "\\" && at + 1 < pattern.length) add(literal(pattern[++at] ?? ""));
    else if (character === "[") {
      const { text, end } = characterClass(pattern, at);
      add(text);
      at = end;
    } else add(literal(character));
  }
  const [first = "", ...rest] = between;
  const last = rest.pop();
  const middle = rest.map((source, n) => `(?=([^]*?${source}))\\${n + 1}`).join("");
  return new RegExp(`^${first}${middle}${last === undefined ? "" : `[^]*${last}`}$`, "u");
}

function characterClass(pattern: string, open: number): { text: string; end: number } {
  let at = open + 1;
  const isNegated = pattern[at] === "^";
  if (isNegated) at += 1;
  let inside = "";
  while (at < pattern.length && pattern[at] !== "]") {
    const escaped = pattern[at] === "\\" && at + 1 < pattern.length;
    const first = pattern[escaped ? ++at : at] ?? "";
    if (pattern[at + 1] === "-" && at + 2 < pattern.length && pattern[at + 2] !== "]") {
      const [low, high] = [first, pattern[at + 2] ?? ""].sort();
      inside += `${member(low ?? "")}-${member(high ?? "")}`;
      at += 3;
    } else {
      inside += member(first);
      at += 1;
    }
  }
  // An empty class matches nothing, its negation anything, as in Redis.
  if (inside === "") return { text: isNegated ? "[^]" : "[]", end: at };
  return { text: `[${isNegated ? "^" : ""}${inside}]`, end: at };
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

/** Within a class a hyphen is more than itself; outside of one it must not be escaped. */
function member(character: string): string {
  return character === "-" ? "\\-" : literal(character);
}
