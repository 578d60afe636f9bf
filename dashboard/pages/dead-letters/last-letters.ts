// The letters as they were last listed, for going from one to the next, and where "back" leads.
let order: readonly string[] = [];
let href = "/dead-letters";

export function rememberLetters(ids: readonly string[]): void {
  order = ids;
  href = `${location.pathname}${location.search}`;
}

export function lastLettersHref(): string {
  return href;
}

/** The neighbours of a letter in the list one came from. */
export function besides(id: string): { readonly before: string | undefined; readonly after: string | undefined } {
  const index = order.indexOf(id);
  return index === -1 ? { before: undefined, after: undefined } : { before: order[index - 1], after: order[index + 1] };
}
