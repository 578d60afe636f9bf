// Where somebody wanted to go who had to sign in first: kept in a cookie for ten minutes, so that a link from an alert leads
// to what it is about and not to the start.
import type { IncomingMessage, ServerResponse } from "node:http";
import { PAGES } from "./pages.ts";

const COOKIE = "apium_next";
const KEEP_S = 600;
const VALUE = new RegExp(`(?:^|;\\s*)${COOKIE}=([A-Za-z0-9%._~-]{1,2000})(?:;|$)`);
/** Pages of this dashboard only: nobody is sent elsewhere. */
const PAGE = new RegExp(
  `^(?:${PAGES.map((page) => page.replaceAll(/:\w+/g, "[^/?#\\\\]+")).join("|")})(?:\\?[^#\\\\]*)?$`,
);

/** To be answered with the way to the login page. */
export function rememberPage(request: IncomingMessage, response: ServerResponse): void {
  const wanted = (request as { originalUrl?: string }).originalUrl ?? request.url ?? "/";
  if (!PAGE.test(wanted) || wanted === "/" || wanted.includes("token=")) return;
  response.appendHeader("Set-Cookie", cookie(encodeURIComponent(wanted), KEEP_S));
}

/** Where to go after signing in; forgets it. */
export function nextPage(request: IncomingMessage, response: ServerResponse): string {
  const wanted = decode(VALUE.exec(request.headers.cookie ?? "")?.[1]);
  if (wanted === undefined) return "/";
  response.appendHeader("Set-Cookie", cookie("", 0));
  return PAGE.test(wanted) ? wanted : "/";
}

function decode(value: string | undefined): string | undefined {
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

function cookie(value: string, ageS: number): string {
  return `${COOKIE}=${value}; HttpOnly; SameSite=Lax; Path=/; Max-Age=${ageS}`;
}
