// A uuid that is the same for the same thing, so that its ticket is made once (RFC 9562, version 8).
import { createHash } from "node:crypto";

export function derivedUuid(...parts: readonly (string | number)[]): string {
  const hex = createHash("sha256").update(parts.join("\0")).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
