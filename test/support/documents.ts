/** What people read, as the tests see it: pages, their fenced blocks, what stands in `code`, their links. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Page {
  /** From the root of the project. */
  readonly path: string;
  readonly text: string;
}

export interface Block {
  /** `docs/guide.md:12`, where its fence begins. */
  readonly place: string;
  readonly page: string;
  readonly language: string;
  /** What follows the language on the fence: GitHub does not show it. */
  readonly info: string;
  readonly text: string;
}

const FOLDERS = ["docs", "docs/adr", "docs/reference"];
const OTHERS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "deploy/README.md"];
const EXAMPLES = ["examples/demo-facility/README.md"];

export function pages(): readonly Page[] {
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((file) => file.endsWith(".md"))
      .sort()
      .map((file) => `${folder}/${file}`),
  );
  return [...OTHERS, ...inFolders, ...EXAMPLES].map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

export function blocksOf({ path, text }: Page): readonly Block[] {
  return [...text.matchAll(/^( *)```(\w*)([^\n]*)\n([\s\S]*?)^\1```$/gm)].map((match) => {
    const [, indent = "", language = "", info = "", inside = ""] = match;
    const line = text.slice(0, match.index).split("\n").length;
    const own = inside.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    return { place: `${path}:${line}`, page: path, language, info: info.trim(), text: own };
  });
}

/** The page without its blocks. */
export function proseOf({ text }: Page): string {
  return text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "");
}

/** What stands between single backticks in the prose, with the bars of tables as they are meant. */
export function codesOf(page: Page): readonly string[] {
  return [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, inside = ""]) => inside.replaceAll("\\|", "|"));
}

export function linksOf(page: Page): readonly string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}

/** The anchors GitHub gives the headings of a page. */
export function anchorsOf(page: Page): readonly string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}
