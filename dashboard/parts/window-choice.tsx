// Chooses how far back the charts of a page look.
import { hrefWith } from "../core/place.ts";
import { openWindow, WINDOWS } from "../core/window.ts";

export function WindowChoice() {
  const open = openWindow();
  return (
    <nav class="chips" aria-label="How far back">
      {WINDOWS.map(({ id, label }) => (
        <a key={id} class="chip" href={hrefWith({ window: id })} aria-current={id === open.id ? "true" : undefined}>
          {label}
        </a>
      ))}
    </nav>
  );
}
