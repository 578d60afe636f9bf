// The pieces the generated pages are made of. What stands between is each page's own.

/** A table; cells may hold Markdown, but no line breaks. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

export const code = (text: string): string => `\`${text}\``;

/** Names side by side. */
export const codes = (names: readonly string[] = []): string => names.map(code).join(" ");

/** A page: its title, where it comes from, its parts with a line between. */
export function page(title: string, source: string, parts: readonly string[]): string {
  const origin = `Written from ${source} by \`npm run references\`; a test holds the two against each other.`;
  return `${[`# ${title}`, origin, ...parts].join("\n\n")}\n`;
}
