/** Returns the values that are hard to carry. */
interface Params {
  readonly what: "nothing" | "cycle" | "bigint" | "function" | "date";
}

export default function returns({ what }: Params): unknown {
  if (what === "cycle") {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    return cycle;
  }
  if (what === "bigint") return 1n;
  if (what === "function") return () => 1;
  if (what === "date") return { at: new Date(0) };
  return undefined;
}
