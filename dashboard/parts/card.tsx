// What a page is made of: a titled card, and a figure with its meaning.
import type { ComponentChildren } from "preact";
import type { Tone } from "./badge.tsx";

export interface CardProps {
  readonly title?: ComponentChildren;
  readonly actions?: ComponentChildren;
  /** Its content reaches the edges: tables. */
  readonly flush?: boolean;
  readonly children: ComponentChildren;
}

export function Card({ title, actions, flush = false, children }: CardProps) {
  return (
    <section class={`card${flush ? " flush" : ""}`}>
      {title === undefined && actions === undefined ? null : (
        <header>
          <h2>{title}</h2>
          <div class="actions">{actions}</div>
        </header>
      )}
      {children}
    </section>
  );
}

export interface StatProps {
  readonly label: string;
  readonly value: ComponentChildren;
  /** What it is a part of, or compared with. */
  readonly hint?: ComponentChildren;
  readonly tone?: Tone;
  /** Where to see more. */
  readonly href?: string;
  /** A small chart. */
  readonly children?: ComponentChildren;
}

export function Stat({ label, value, hint, tone, href, children }: StatProps) {
  const content = (
    <>
      <span class="stat-label">{label}</span>
      <strong class={`stat-value ${tone ?? ""}`}>{value}</strong>
      <span class="stat-hint">{hint}</span>
      {children}
    </>
  );
  return href === undefined ? (
    <div class="stat">{content}</div>
  ) : (
    <a class="stat" href={href}>
      {content}
    </a>
  );
}

/** Names and values, below one another. What is undefined is left out. */
export function Facts({ of }: { of: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {of
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value ?? "–"}</dd>
          </div>
        ))}
    </dl>
  );
}

/** Instead of nothing: what would be here, and what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children === undefined ? null : <p>{children}</p>}
    </div>
  );
}
