// The menu: pages in groups, with a number where something waits for a person.

import { isOfPlatform } from "./core/me.ts";
import { useOpenLetters } from "./core/open-letters.ts";
import { path } from "./core/place.ts";
import { GROUPS, type PageEntry } from "./pages/index.ts";
import { Icon } from "./parts/icon.tsx";

export function Menu({ pages }: { pages: readonly PageEntry[] }) {
  const letters = useOpenLetters(isOfPlatform());
  return (
    <nav class="menu" aria-label="Pages">
      <a class="brand" href="/">
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <path d="M16 29C15 20 15 12 16 3M16 17C10 17 6 13 5 7c6 0 10 3 11 10Zm0 5c6 0 10-4 11-10-6 0-10 4-11 10Z" />
        </svg>
        <span>Apium</span>
      </a>
      {GROUPS.map((group) => {
        const own = pages.filter(({ menu }) => menu?.group === group);
        if (own.length === 0) return null;
        return (
          <section key={group}>
            <h2>{group}</h2>
            {own.map(({ path: to, menu }) => (
              <a key={to} href={to} aria-current={isOpen(to) ? "page" : undefined}>
                <Icon name={menu?.icon ?? "right"} />
                <span>{menu?.label}</span>
                {to === "/dead-letters" && letters !== undefined && letters.count > 0 ? (
                  <b class="count" title="Dead letters that nobody has handled">
                    {letters.words}
                  </b>
                ) : null}
              </a>
            ))}
          </section>
        );
      })}
    </nav>
  );
}

function isOpen(to: string): boolean {
  return to === "/" ? path.value === "/" : path.value === to || path.value.startsWith(`${to}/`);
}
