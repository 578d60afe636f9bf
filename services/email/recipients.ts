// Whom a mail goes to: checked addresses, each once. What is no address is skipped and said, not sent to.
const ADDRESS = /^[^\s@<>,;:"()[\]\\\p{Cc}]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?$/iu;

export interface Recipient {
  readonly name: string;
  readonly address: string;
}

export interface Recipients {
  readonly to: readonly Recipient[];
  readonly skipped: readonly string[];
}

/** De-duplicates by address, letter case aside; `fallback` (comma-separated) where nobody else has an address that can be used. */
export function checkRecipients(candidates: readonly Recipient[], fallback?: string): Recipients {
  const to = new Map<string, Recipient>();
  const skipped: string[] = [];
  for (const { name, address } of candidates) {
    if (!ADDRESS.test(address)) skipped.push(address);
    else if (!to.has(address.toLowerCase())) to.set(address.toLowerCase(), { name: headerText(name, 100), address });
  }
  if (to.size === 0 && fallback !== undefined) {
    const { to: instead, skipped: alsoSkipped } = checkRecipients(
      fallback.split(",").map((address) => ({ name: "", address: address.trim() })),
    );
    return { to: instead, skipped: [...skipped, ...alsoSkipped] };
  }
  return { to: [...to.values()], skipped };
}

/** Text that may stand in a header: one line, no control characters, bounded. */
export function headerText(text: string, maxLength: number): string {
  const line = text.replaceAll(/\p{Cc}+/gu, " ").trim();
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`;
}
