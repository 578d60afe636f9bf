// The pages and their assets, read once, sent with headers that let nothing else in. A page holds no data: it asks the
// API for it under its session.
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";

const FILES = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/login": ["login.html", "text/html; charset=utf-8"],
  "/assets/style.css": ["style.css", "text/css; charset=utf-8"],
  "/assets/status.js": ["status.js", "text/javascript; charset=utf-8"],
} as const;

export type PagePath = keyof typeof FILES;

/** Pages anybody may see; they hold nothing but a form. */
export const PUBLIC_PAGES: readonly PagePath[] = ["/login", "/assets/style.css"];
export const PAGES = Object.keys(FILES) as PagePath[];

const contents = new Map(
  PAGES.map((path) => [path, readFileSync(new URL(`../../dashboard/${FILES[path][0]}`, import.meta.url))]),
);

export function sendPage(response: ServerResponse, path: PagePath): void {
  response.setHeader("Content-Type", FILES[path][1]);
  response.setHeader("Cache-Control", "no-cache");
  response.end(contents.get(path));
}
