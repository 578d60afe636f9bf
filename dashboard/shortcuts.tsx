// What the keyboard does: `/` searches, `g` and a letter opens a page, `?` tells. Never while one types.
import { useEffect, useState } from "preact/hooks";
import { go } from "./core/place.ts";
import type { PageEntry } from "./pages/index.ts";
import { Dialog } from "./parts/dialog.tsx";

const AFTER_G_MS = 1_500;

export function Shortcuts({ pages }: { pages: readonly PageEntry[] }) {
  const [isHelpOpen, setHelpOpen] = useState(false);
  useEffect(() => {
    let pressedG = Number.NEGATIVE_INFINITY;
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const page = pages.find(({ menu }) => menu?.key === event.key);
      if (performance.now() - pressedG < AFTER_G_MS && page !== undefined) {
        go(page.path);
      } else if (event.key === "/") {
        event.preventDefault();
        document.querySelector<HTMLInputElement>("#task-search")?.focus();
      } else if (event.key === "?") {
        setHelpOpen(true);
      }
      pressedG = event.key === "g" ? performance.now() : Number.NEGATIVE_INFINITY;
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [pages]);

  if (!isHelpOpen) return null;
  const keys: readonly (readonly [string, string])[] = [
    ["/", "Search tasks"],
    ["↑ ↓ Enter", "Move in a list, open"],
    ["Esc", "Close"],
    ...pages.flatMap(({ menu }) => (menu === undefined ? [] : [[`g ${menu.key}`, menu.label] as const])),
  ];
  return (
    <Dialog title="Keyboard" isLight onClose={() => setHelpOpen(false)}>
      <dl class="keys">
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              {key.split(" ").map((part) => (
                <kbd key={part}>{part}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, dialog") !== null;
}
