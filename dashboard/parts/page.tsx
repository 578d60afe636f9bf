// A page's head: where one is, what can be done here. It names the tab, too.
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

export interface PageProps {
  readonly title: string;
  /** Shown instead of the title where that is too plain: with a badge, say. */
  readonly heading?: ComponentChildren;
  readonly hint?: ComponentChildren;
  readonly back?: { readonly href: string; readonly label: string };
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Page({ title, heading, hint, back, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Apium`;
  }, [title]);
  return (
    <div class="page">
      <header class="page-head">
        <div>
          {back === undefined ? null : (
            <a class="back" href={back.href}>
              ‹ {back.label}
            </a>
          )}
          <h1>{heading ?? title}</h1>
          {hint === undefined ? null : <p class="hint">{hint}</p>}
        </div>
        <div class="actions">{actions}</div>
      </header>
      {children}
    </div>
  );
}
