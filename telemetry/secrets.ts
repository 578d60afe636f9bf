// What in the environment is a secret, so that it can be kept out of the log wherever it stands: whatever a library says
// of its connection, it does not say the password.

const SECRET_NAME = /token|secret|password|passwd|api_?key/i;
/** Shorter ones are words that ordinary lines have too. */
const SHORTEST = 8;
const ADDRESS = /[a-z][a-z0-9+.-]*:\/\/([^\s/]*)@/gi;

export function secretsOf(environment: Readonly<Record<string, string | undefined>>): string[] {
  const found = Object.entries(environment).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (name === "API_TOKENS") return value.split(",").map((entry) => behind(entry, ":"));
    if (/^OTEL_EXPORTER_OTLP_(TRACES_)?HEADERS$/.test(name)) return value.split(",").map((pair) => behind(pair, "="));
    return SECRET_NAME.test(name) ? [value] : value.split(",").flatMap(passwordsIn);
  });
  const both = found.flatMap((secret) => [secret, decoded(secret)]);
  // The longer first: one may hold another.
  return [...new Set(both)].filter(({ length }) => length >= SHORTEST).sort((a, b) => b.length - a.length);
}

/** A name alone is no secret. */
function passwordsIn(text: string): string[] {
  return [...text.matchAll(ADDRESS)].map(([, credentials = ""]) =>
    credentials.includes(":") ? behind(credentials, ":") : "",
  );
}

/** All of it where there is no separator. */
function behind(pair: string, separator: string): string {
  return pair.slice(pair.indexOf(separator) + 1).trim();
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
