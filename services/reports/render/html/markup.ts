// Texts as HTML: nothing that came from outside is markup.
import { cleanText } from "../cell-text.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escaped(text: string): string {
  return cleanText(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

/** The element, with its text escaped; nothing where there is no text. */
export function element(name: string, text: string | undefined, className?: string): string {
  if (text === undefined || text === "") return "";
  const attribute = className === undefined ? "" : ` class="${className}"`;
  return `<${name}${attribute}>${escaped(text)}</${name}>`;
}
