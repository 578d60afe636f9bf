// Ids in as many parts as calls are needed for them.

/** Of one call. */
const MOST_IDS = 1_000;

export function chunks(ids: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(ids.length / MOST_IDS) }, (_, index) =>
    ids.slice(index * MOST_IDS, (index + 1) * MOST_IDS),
  );
}
