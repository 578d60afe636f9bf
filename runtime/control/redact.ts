// Settings as they may be shown: what is a secret by its name is not, and addresses lose their passwords.

const SECRET_NAME = /token|secret|password|passwd|credential|private|api_?key/i;
export const REDACTED = "[redacted]";

/** A copy for people: no secrets, no functions, no passwords in URLs. */
export function redact(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, SECRET_NAME.test(name) && value !== null ? REDACTED : shown(value)]),
  );
}

function shown(value: unknown): unknown {
  if (typeof value === "function") return "[set]";
  if (typeof value === "string") return withoutPassword(value);
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value === "object" && value !== null) return redact(value as Record<string, unknown>);
  return value;
}

/** Up to the last @: a password may hold what no URL parser takes, and of several addresses rather too little is shown. */
function withoutPassword(text: string): string {
  return text
    .replace(/^(\s*[a-z][a-z0-9+.-]*:\/\/).*@/is, `$1${REDACTED}@`)
    .replace(/([?&](?:password|token|secret|key|sslpassword)=)[^&]*/gi, `$1${REDACTED}`);
}
