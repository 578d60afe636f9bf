/**
 * `docs/coming-from-celery.md` beside the document it is about: its headings in its order, each snippet as it was, and ours
 * next to it, which is what the product does: compiled (documents.test.ts), set, scheduled, installed.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { defineSchedule } from "../../runtime/index.ts";
import { FACILITY_SCHEDULES } from "../../services/scheduler/facility-schedules.ts";
import { readSettings, SETTING_NAMES } from "../../settings.ts";
import { EXPLAINED, ORIGINAL } from "../support/celery-document.ts";
import { type Block, blocksOf, pages, ROOT } from "../support/documents.ts";

const PAGE = "docs/coming-from-celery.md";
const page = pages().find(({ path }) => path === PAGE) ?? { path: PAGE, text: "" };
/** In which the original is quoted; the first snippet of a section is the original's, whatever it is in. */
const OURS = ["ts", "sh", "properties", "ini"];

interface Section {
  readonly heading: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** By headings, of whatever depth; lines of blocks that begin with `#` are no headings. */
function sectionsOf(text: string): readonly Section[] {
  const hidden = text.replaceAll(/^```[\s\S]*?^```$/gm, (block) => block.replaceAll(/^#/gm, "\0"));
  return hidden
    .split(/^#{2,3} /m)
    .slice(1)
    .map((part) => {
      const shown = part.replaceAll("\0", "#");
      const heading = shown.split("\n")[0] ?? "";
      const own = shown.slice(heading.length);
      return { heading, text: own, blocks: blocksOf({ path: PAGE, text: own }) };
    });
}

const sections = sectionsOf(page.text);
const sectionNamed = (heading: string) => sections.find((section) => section.heading === heading);
const ours = sections.flatMap(({ blocks }) => blocks.slice(1));

test("has the original's headings, in its order, and says which are ours", () => {
  const named = sections.map(({ heading }) => heading).filter((heading) => !heading.endsWith("(ours)"));
  expect(named).toEqual(ORIGINAL.map(({ heading }) => heading));
});

describe("beside each snippet of the original", () => {
  const withSnippets = ORIGINAL.filter(({ words }) => words !== "");
  test.each(withSnippets.map(({ heading, words }) => [heading, words] as const))("%s", (heading, words) => {
    const [original, ...here] = sectionNamed(heading)?.blocks ?? [];
    const missing = words
      .split(" ")
      .map((word) => word.replaceAll("~", " "))
      .filter((word) => original?.text.includes(word) !== true);
    expect(missing).toEqual([]);
    expect(here.map(({ language }) => language).filter((language) => !OURS.includes(language))).toEqual([]);
    expect(here.length).toBeGreaterThan(0);
  });
});

test("says of every setting, option and command where it is", () => {
  const rows = page.text
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.split(/(?<!\\)\|/)[1] ?? "");
  expect(EXPLAINED.filter((word) => !rows.some((row) => row.includes(word)))).toEqual([]);
});

test("the ten best practices are there", () => {
  const numbered = [...(sectionNamed("Best Practices")?.text ?? "").matchAll(/^\| (\d+)\. /gm)].map(([, n]) =>
    Number(n),
  );
  expect(numbered).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("the settings beside the original's can be set", () => {
  const blocks = ours.filter(({ language }) => language === "properties");
  expect(blocks.length).toBeGreaterThan(4);
  for (const { text } of blocks) {
    const given = [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value] as const);
    expect(given.map(([name]) => name).filter((name) => !SETTING_NAMES.includes(name))).toEqual([]);
    expect(() => readSettings(Object.fromEntries(given))).not.toThrow();
  }
});

test("the schedules beside the original's are those of the product", () => {
  const text = sectionNamed("Beat Schedule Configuration")?.blocks[1]?.text ?? "";
  const shown = [...text.matchAll(/name: "(.*?)", task: "(.*?)", cron: "(.*?)", expires: "(.*?)"/g)];
  expect(shown).toHaveLength(8);
  for (const [, name = "", task = "", cron = "", expires = ""] of shown) {
    const kept = FACILITY_SCHEDULES.find((schedule) => schedule.name === name);
    const { description } = kept ?? {};
    const asShown = { name, task, cron, expires, misfire: "one", overlap: "skip" } as const;
    expect(defineSchedule(description === undefined ? asShown : { ...asShown, description })).toEqual(kept);
  }
  const source = readFileSync(join(ROOT, "services/scheduler/facility-schedules.ts"), "utf8");
  expect(source).toContain(/^const sweep = .*$/m.exec(text)?.[0] ?? "no sweep is shown");
});

test("the unit beside the original's says nothing that ours does not", () => {
  const shown = sectionNamed("Production Setup")?.blocks[1]?.text.trim().split("\n").slice(1) ?? [];
  const unit = readFileSync(join(ROOT, "deploy/systemd/apium@.service"), "utf8").split("\n");
  expect(shown.length).toBeGreaterThan(10);
  expect(shown.filter((line) => !unit.includes(line))).toEqual([]);
});

test("the files that code of the product is said to be in are there", () => {
  const named = ours.flatMap(({ language, text }) =>
    language === "ts" ? [...(text.split("\n")[0] ?? "").matchAll(/services\/[\w./-]+\.ts/g)].map(([path]) => path) : [],
  );
  expect(named.length).toBeGreaterThan(7);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
