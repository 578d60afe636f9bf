// What people may be shown of settings and of what handlers log: what is a secret by its name is not, and addresses
// lose their passwords.
import { HIDDEN, hideSecrets } from "./hide-secrets.ts";

const SECRET_NAME = /token|secret|password|passwd|credential|private|api_?key/i;

/** A copy for people: no secrets, no functions, no passwords in URLs. */
export function redact(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, isSecret(name, value) ? HIDDEN : shown(value)]),
  );
}

/** Whether a value must not be shown because of the name it goes by. */
export function isSecret(name: string, value: unknown): boolean {
  return value !== null && SECRET_NAME.test(name);
}

function shown(value: unknown): unknown {
  if (typeof value === "function") return "[set]";
  if (typeof value === "string") return withoutPassword(value);
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value === "object" && value !== null) return redact(value as Record<string, unknown>);
  return value;
}

/** Up to the last @, whatever stands between: a password may hold what no URL parser takes. */
function withoutPassword(text: string): string {
  return hideSecrets(text.replace(/^(\s*[a-z][a-z0-9+.-]*:\/\/).*@/is, `$1${HIDDEN}@`));
}
