/** docs/dashboard.md shows every page the dashboard has, and no picture lies about that no document shows. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { PAGES } from "../../services/gateway/pages.ts";
import { linksOf, pages, ROOT } from "../support/documents.ts";

const FOLDER = "docs/images/dashboard";
const gallery = pages().find(({ path }) => path === "docs/dashboard.md")?.text ?? "";
/** A heading with what is below it, up to the next. */
const sections = gallery.split(/^## /m);

test.each(PAGES.map((page) => [page]))("the page %s has a picture", (page) => {
  const [section = "", ...others] = sections.filter((text) => text.includes(`\`${page}\``));
  const [, picture = "none"] = /!\[[^\]]+\]\(([^)]+)\)/.exec(section) ?? [];
  expect(others).toEqual([]);
  expect([picture, existsSync(join(ROOT, "docs", picture))]).toEqual([picture, true]);
});

test("every picture is shown somewhere", () => {
  const shown = new Set(pages().flatMap((page) => linksOf(page).map((link) => link.split("/").at(-1))));
  expect(readdirSync(join(ROOT, FOLDER)).filter((file) => !shown.has(file))).toEqual([]);
});
