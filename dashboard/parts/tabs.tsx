// Views of one thing; which one is open stands in the address.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { hrefWith } from "../core/place.ts";

export interface TabsProps {
  /** The parameter of the address. */
  readonly name: string;
  readonly open: string;
  readonly tabs: readonly { readonly id: string; readonly label: ComponentChildren }[];
}

export function Tabs({ name, open, tabs }: TabsProps) {
  const list = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the open one may stand beyond the edge.
    // Only sideways: the page stays where it is.
    const current = list.current?.querySelector<HTMLElement>("[aria-current]");
    if (current) list.current?.scrollTo({ left: current.offsetLeft - list.current.offsetLeft - current.offsetWidth });
  }, [open]);
  return (
    <nav class="tabs" ref={list}>
      {tabs.map(({ id, label }, index) => (
        <a
          key={id}
          href={hrefWith({ [name]: index === 0 ? undefined : id })}
          aria-current={id === open ? "page" : undefined}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}
