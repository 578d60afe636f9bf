// Text as it may be written to a log or kept in the books: without what is a secret by its form or by the name before it. Rather too much is
// hidden than too little. What has a secret's name in settings is the business of `redact`.

export const HIDDEN = "[redacted]";
/** Longer lines are cut before they are searched: each pattern looks some way ahead from each place. */
const LONGEST = 32_768;

const NAME = "(?:password|passwd|secret|token|credential|private_?key|api_?key)s?";
const FORMS: readonly (readonly [RegExp, string])[] = [
  // Credentials in an address, up to the last @: a password may hold what no URL parser takes.
  [/([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s"'<>`]{0,2000}@/gi, `$1${HIDDEN}@`],
  // JSON Web Tokens, wherever they stand.
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, HIDDEN],
  // The Authorization header and its like.
  [/\b(bearer)\s+(?!\[)[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`],
  [/\b(basic)\s+[A-Za-z0-9+/]{16,}={0,2}/gi, `$1 ${HIDDEN}`],
  // ?token=…, password=…
  [new RegExp(String.raw`(${NAME}=)(?!\[redacted\])[^\s&"',;)]+`, "gi"), `$1${HIDDEN}`],
  // What else lets its bearer in, in the query of an address.
  [/([?&][\w.-]{0,40}?(?:key|signature)=)(?!\[redacted\])[^\s&"',;)]+/gi, `$1${HIDDEN}`],
  // "password": "…", password: '…'
  [new RegExp(String.raw`(${NAME}["']?\s{0,3}:\s{0,3}(["']))(?:(?!\2)[^\\]|\\.){0,2000}\2`, "gi"), `$1${HIDDEN}$2`],
];

/** `known` are secrets themselves, hidden wherever they stand. */
export function hideSecrets(text: string, known: readonly string[] = []): string {
  let shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  for (const secret of known) if (shown.includes(secret)) shown = shown.replaceAll(secret, HIDDEN);
  for (const [form, replacement] of FORMS) shown = shown.replace(form, replacement);
  return shown;
}
