// The list of tasks as it was last looked at, filter and all: where "back" leads.
let last = "/tasks";

export function lastListHref(): string {
  return last;
}

export function rememberList(): void {
  last = `${location.pathname}${location.search}`;
}
