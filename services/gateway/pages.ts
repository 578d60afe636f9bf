// The dashboard's pages and their files. A page holds no data: it asks the API for it under its session, so what is sent here is
// the same for everybody; still only the login page and what it looks like are for those who have not said who they are.
import { ApiumError } from "../../runtime/index.ts";
import { type DashboardFile, dashboardFiles } from "./dashboard-files.ts";
import type { Request, Response } from "./request.ts";

/** Every address the dashboard has a page for; all get one document, which draws the page of its address. */
export const PAGES = [
  "/",
  ...["/tasks", "/tasks/:id", "/dead-letters", "/dead-letters/:id", "/queues", "/queues/:name"],
  ...["/workers", "/workers/:id", "/schedules", "/schedules/:name"],
  ...["/cache", "/audit", "/settings"],
  ...[
    "/sites",
    "/sites/:id",
    "/jobs",
    "/jobs/:id",
    "/tickets",
    "/tickets/:id",
    "/reports",
    "/mailbox",
    "/mailbox/:file",
  ],
] as const;

/** What the login page is made of; everybody may have it. */
const PUBLIC = /^[\w-]+\.(svg|woff2)$|^[\w-]+-login\.css$/;
const FOR_EVER = "private, max-age=31536000, immutable";

export function isPublicAsset(name: string): boolean {
  return PUBLIC.test(name);
}

export async function sendPage(request: Request, response: Response, page: "/" | "/login"): Promise<void> {
  const isAgain = page === "/login" && request.query.again !== undefined;
  const file = (await dashboardFiles()).get(isAgain ? "/login?again" : page);
  if (file === undefined) throw new ApiumError("NOT_FOUND");
  deliver(request, response, file, "no-cache");
}

/**
 * A file under its hash. Behind a proxy a page may come from a gateway of another version than what it loads: an unknown hash
 * gets this version's file, and no browser keeps it.
 * @throws ApiumError `NOT_FOUND`.
 */
export async function sendAsset(request: Request, response: Response, name: string): Promise<void> {
  const files = await dashboardFiles();
  const exact = files.get(`/assets/${name}`);
  if (exact !== undefined) return deliver(request, response, exact, FOR_EVER);
  const plain = /^[\w]+-((?:app|login)\.(?:js|css))$/.exec(name)?.[1];
  const own = plain && [...files].find(([path]) => path.startsWith("/assets/") && path.endsWith(`-${plain}`));
  if (!own) throw new ApiumError("NOT_FOUND");
  deliver(request, response, own[1], "no-store");
}

function deliver(request: Request, response: Response, file: DashboardFile, cacheControl: string): void {
  const takesBrotli = /\bbr\b/.test(String(request.headers["accept-encoding"] ?? ""));
  const isCompressed = takesBrotli && file.compressed !== undefined;
  const body = (isCompressed ? file.compressed : undefined) ?? file.content;
  response.setHeader("Content-Type", file.type);
  response.setHeader("Cache-Control", cacheControl);
  response.setHeader("Vary", "Accept-Encoding");
  if (isCompressed) response.setHeader("Content-Encoding", "br");
  response.setHeader("Content-Length", body.length);
  response.end(body);
}
