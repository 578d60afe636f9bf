// Where the reader is: the address is the state of every page (filters, tabs, what is open), so that a link leads there.
import { computed, signal } from "@preact/signals";

const current = signal(new URL(location.href));
addEventListener("popstate", () => {
  const isOtherPage = location.pathname !== current.value.pathname;
  current.value = new URL(location.href);
  if (isOtherPage) focusContent();
});

export const path = computed(() => current.value.pathname);
export const query = computed(() => current.value.searchParams);

/** Goes to an address of the dashboard. `replace` leaves no step to go back to: for filters that change as one types. */
export function go(to: string, { replace = false }: { replace?: boolean } = {}): void {
  const next = new URL(to, location.href);
  if (next.href === current.value.href) return;
  history[replace ? "replaceState" : "pushState"](null, "", next);
  const isOtherPage = next.pathname !== current.value.pathname;
  current.value = next;
  if (!isOtherPage) return;
  scrollTo(0, 0);
  focusContent();
}

/** Whoever hears the page, or goes by the keyboard, is at the beginning of what is new and not where the link was. */
function focusContent(): void {
  document.querySelector<HTMLElement>("#content")?.focus({ preventScroll: true });
}

/** Changes parts of the query; `undefined` and "" take one away. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  go(hrefWith(changes), { replace: true });
}

/** The address of this page with parts of the query changed. */
export function hrefWith(changes: Readonly<Record<string, string | undefined>>): string {
  const next = new URL(current.value);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === "") next.searchParams.delete(name);
    else next.searchParams.set(name, value);
  }
  return `${next.pathname}${next.search}`;
}

/** The values of a pattern such as `/tasks/:id`, or `undefined` where the path is another. */
export function match(pattern: string, pathname: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split("/");
  const given = pathname.split("/");
  if (wanted.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = decodeURIComponent(given[index] ?? "");
    if (part.startsWith(":") && value !== "") values[part.slice(1)] = value;
    else if (part !== value) return undefined;
  }
  return values;
}

/** Links of the dashboard change the address without loading it anew; what leads elsewhere, or into a new tab, does not. */
export function followLinks(event: MouseEvent): void {
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!isPlain || event.defaultPrevented || link === null || link.target !== "" || link.hasAttribute("download"))
    return;
  if (link.origin !== location.origin || link.dataset.leave !== undefined) return;
  // A place on this page is the browser's to find.
  if (link.hash !== "" && link.pathname === location.pathname && link.search === location.search) return;
  event.preventDefault();
  go(link.href);
}
