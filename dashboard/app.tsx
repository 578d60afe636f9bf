// The frame of every page: the menu, the search, who is signed in; and the page that the address names.
import { useEffect, useState } from "preact/hooks";
import { connection } from "./core/live.ts";
import { isOfPlatform, me } from "./core/me.ts";
import { match, path } from "./core/place.ts";
import { nextTheme } from "./core/theme.ts";
import { Menu } from "./menu.tsx";
import { PAGES, type PageEntry } from "./pages/index.ts";
import { Button } from "./parts/button.tsx";
import { Empty } from "./parts/card.tsx";
import { Confirmation } from "./parts/dialog.tsx";
import { Page } from "./parts/page.tsx";
import { Toasts } from "./parts/toast.tsx";
import { Shortcuts } from "./shortcuts.tsx";
import { TaskSearch } from "./task-search.tsx";

const CONNECTION = {
  live: "Live: what happens shows at once",
  connecting: "Connecting…",
  lost: "The connection is lost; trying again. What is shown may be old.",
} as const;

export function App() {
  const [isMenuOpen, setMenuOpen] = useState(false);
  useEffect(() => setMenuOpen(false), [path.value]);
  useEffect(() => {
    if (!isMenuOpen) return;
    const press = ({ key }: KeyboardEvent) => {
      if (key === "Escape") setMenuOpen(false);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [isMenuOpen]);
  return (
    <div class={`app${isMenuOpen ? " menu-open" : ""}`}>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <Menu pages={PAGES.filter(isShown)} />
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: Escape and the button close it, too. */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it only catches what misses the menu. */}
      <div class="veil" onClick={() => setMenuOpen(false)} />
      <div class="main">
        <header class="top">
          <span class="menu-button">
            <Button tone="quiet" icon="menu" label="Menu" onClick={() => setMenuOpen(!isMenuOpen)} />
          </span>
          {isOfPlatform() ? <TaskSearch /> : <span class="top-space" />}
          {isOfPlatform() ? (
            <span class={`live ${connection.value}`} title={CONNECTION[connection.value]} role="status">
              <i />
              <span>{connection.value === "live" ? "Live" : connection.value === "lost" ? "Offline" : "…"}</span>
            </span>
          ) : null}
          <Button tone="quiet" icon="moon" label="Light or dark" onClick={nextTheme} />
          <form method="post" action="/logout">
            <Button tone="quiet" icon="logout" type="submit" label={`Sign out ${me.value?.name ?? ""}`} />
          </form>
        </header>
        <main id="content" tabIndex={-1}>
          <Shown />
        </main>
      </div>
      <Shortcuts pages={PAGES.filter(isShown)} />
      <Confirmation />
      <Toasts />
    </div>
  );
}

function isShown({ isOfClient }: PageEntry): boolean {
  return isOfPlatform() || isOfClient === true;
}

function Shown() {
  for (const entry of PAGES) {
    const values = match(entry.path, path.value);
    if (values !== undefined && isShown(entry)) return <entry.page key={path.value} {...values} />;
  }
  return (
    <Page title="Not here">
      <Empty title="There is no such page">
        The address may be mistyped, or the page is not for {me.value?.name ?? "you"}. <a href="/">Go to the start</a>.
      </Empty>
    </Page>
  );
}
