/** A pattern of `like` that finds this text anywhere, its own `%`, `_` and `\` taken as they are. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, "\\$&")}%`;
}
