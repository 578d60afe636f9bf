// The dashboard's files as browsers take them: its modules in one, its style sheets in one, its font, each under the hash of
// its content, so that a browser keeps it for ever and never has an old one. They are made by esbuild when the first
// page is asked for (a fifth of a second, in a process of its own), and again only when a file has changed.
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress } from "node:zlib";
import { ApiumError } from "../../runtime/index.ts";

const FOLDER = fileURLToPath(new URL("../../dashboard/", import.meta.url));
const TARGET = ["chrome123", "firefox120", "safari17.5"];
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  woff2: "font/woff2",
};
/** Fonts are compressed already. */
const COMPRESSED = new Set(["css", "js", "svg", "html"]);
const compress = promisify(brotliCompress);

export interface DashboardFile {
  readonly type: string;
  readonly content: Buffer;
  /** Content-Encoding br; undefined where it is not worth it. */
  readonly compressed: Buffer | undefined;
}

/** By their paths: `/`, `/login`, `/login?again` (which says that the last try was refused), and `/assets/<hash>-<name>`. */
export type DashboardFiles = ReadonlyMap<string, DashboardFile>;

let made: { readonly stamp: string; readonly files: Promise<DashboardFiles> } | undefined;

/** @throws ApiumError `SERVICE_UNAVAILABLE` when they cannot be made. */
export async function dashboardFiles(): Promise<DashboardFiles> {
  const stamp = await newest();
  if (made?.stamp !== stamp) made = { stamp, files: make() };
  const { files } = made;
  return files.catch((error: unknown) => {
    made = undefined;
    throw new ApiumError("SERVICE_UNAVAILABLE", "the dashboard could not be made", { cause: error });
  });
}

/** Some sixty files are looked at, for a page only; what it loads then is taken from what was made for it. */
async function newest(): Promise<string> {
  const files = globSync("**/*.{ts,tsx,css,html,svg}", { cwd: FOLDER });
  const times = await Promise.all(files.map(async (file) => (await stat(join(FOLDER, file))).mtimeMs));
  return `${files.length} ${Math.max(...times)}`;
}

async function make(): Promise<DashboardFiles> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [
      { in: join(FOLDER, "main.tsx"), out: "app" },
      { in: join(FOLDER, "style/app.css"), out: "app" },
      { in: join(FOLDER, "style/login.css"), out: "login" },
    ],
    outdir: "/assets",
    assetNames: "[hash]-[name]",
    publicPath: "/assets",
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: TARGET,
    loader: { ".woff2": "file" },
    tsconfigRaw: { compilerOptions: { jsx: "react-jsx", jsxImportSource: "preact" } },
    logLevel: "silent",
  });
  const files = new Map<string, DashboardFile>();
  const names = new Map<string, string>();
  for (const { path, contents } of outputFiles) {
    const own = path.slice(path.lastIndexOf("/") + 1);
    const isHashed = own.endsWith(".woff2");
    const name = isHashed ? own : `${hashOf(contents)}-${own}`;
    names.set(`/assets/${own}`, `/assets/${name}`);
    files.set(`/assets/${name}`, await file(name, Buffer.from(contents)));
  }
  const icon = await readFile(join(FOLDER, "icon.svg"));
  names.set("/assets/icon.svg", "/assets/icon.svg");
  files.set("/assets/icon.svg", await file("icon.svg", icon));
  for (const [path, name] of [
    ["/", "index.html"],
    ["/login", "login.html"],
  ] as const) {
    const html = await readFile(join(FOLDER, name), "utf8");
    const linked = html.replaceAll(/"(\/assets\/[\w.-]+)"/g, (_whole, path: string) => `"${names.get(path) ?? path}"`);
    files.set(path, await file(name, Buffer.from(linked)));
    if (path === "/login") files.set("/login?again", await file(name, Buffer.from(linked.replace(" hidden", ""))));
  }
  return files;
}

async function file(name: string, content: Buffer): Promise<DashboardFile> {
  const ending = name.slice(name.lastIndexOf(".") + 1);
  const compressed = COMPRESSED.has(ending) ? await compress(content) : undefined;
  return { type: TYPES[ending] ?? "application/octet-stream", content, compressed };
}

function hashOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("base64url").slice(0, 10).replaceAll("-", "_");
}
