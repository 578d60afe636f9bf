// Where something is in the dashboard: a page, and what one does and sees there, in the words that stand on it. A test does
// exactly that (test/end-to-end/dashboard-parity.test.ts), and the reference prints it. Words in angle brackets are those of
// the row.

export interface Place {
  /** The page's address. */
  readonly at: string;
  readonly steps: readonly Step[];
  /** What REST is asked for the braces of `sees`, where the page cannot be asked the very same as the row. */
  readonly asks?: Readonly<Record<string, unknown>>;
}

export type Step =
  /** A button or a link, by its name. */
  | { readonly press: string }
  /** The same in the dialog that has opened. */
  | { readonly confirm: string }
  /** A switch, by what is on or off. */
  | { readonly turn: string; readonly to: "on" | "off" }
  /** A field, by its label. */
  | { readonly fill: string; readonly with: string }
  /** One of several, by the label they stand under. */
  | { readonly choose: string; readonly of: string }
  /** A box. */
  | { readonly tick: string }
  /** A text. In braces: what REST answers to the row there, and with a star for each of a list; an object is shown as JSON. */
  | { readonly sees: string };

/** It is not in the dashboard, and this is why. */
export interface Elsewhere {
  readonly not: string;
}

export function at(page: string, ...steps: readonly Step[]): Place {
  return { at: page, steps };
}

export function notThere(why: string): Elsewhere {
  return { not: why };
}

export function isPlace(dashboard: Place | Elsewhere | undefined): dashboard is Place {
  return dashboard !== undefined && "at" in dashboard;
}

export const press = (name: string): Step => ({ press: name });
export const confirm = (name: string): Step => ({ confirm: name });
export const turn = (name: string, to: "on" | "off"): Step => ({ turn: name, to });
export const fill = (label: string, text: string): Step => ({ fill: label, with: text });
export const choose = (of: string, option: string): Step => ({ choose: option, of });
export const tick = (name: string): Step => ({ tick: name });
export const sees = (text: string): Step => ({ sees: text });
