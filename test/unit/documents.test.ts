/** What the documents name is there: pages and headings they link to, commands, addresses; their code compiles. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse as parseGraphql } from "graphql";
import { FLOWER_ENDPOINTS } from "../../services/gateway/flower/flower-endpoints.ts";
import { GRAPHQL_PREFIXES, OUTSIDE_PATHS } from "../../services/gateway/outside-paths.ts";
import { PAGES } from "../../services/gateway/pages.ts";
import { REST_ROUTES } from "../../services/gateway/rest-routes.ts";
import { objectionTo, wordsOf } from "../support/command-words.ts";
import { anchorsOf, blocksOf, codesOf, linksOf, pages, ROOT } from "../support/documents.ts";

const PAGES_READ = pages();
const alerts = readFileSync(join(ROOT, "deploy/alerts.yml"), "utf8");
const runbooks = [...alerts.matchAll(/runbook: "(.*)"/g)].map(([, text = ""]) => text);

describe.each(PAGES_READ.map((page) => [page.path, page] as const))("%s", (path, page) => {
  test("links to what is there", () => {
    const broken = linksOf(page)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [file = "", anchor] = target.split("#");
        const found = file === "" ? path : normalize(join(dirname(path), file));
        if (!existsSync(join(ROOT, found))) return true;
        const other = PAGES_READ.find((one) => one.path === found);
        return anchor !== undefined && (other === undefined || !anchorsOf(other).includes(anchor));
      });
    expect(broken).toEqual([]);
  });

  // Every row of it is called, through every face, by the test of the table it is written from; Flower's addresses are below /api.
  const isTriedElsewhere = page.path === "docs/reference/parity.md";

  test("names commands that there are", async () => {
    const named = codesOf(page)
      .filter((code) => /^apium [a-z]/.test(code))
      .map((code) => code.slice("apium ".length));
    const inBlocks = blocksOf(page)
      .filter(({ language }) => language === "sh")
      .flatMap(({ text }) =>
        [...text.matchAll(/npm run (?:-s )?apium -- ([^\n|;)]+)/g)].map(([, command = ""]) => command),
      );
    expect(await objectionsTo(isTriedElsewhere ? [] : [...named, ...inBlocks])).toEqual([]);
  });

  test("names addresses that there are", () => {
    const named = codesOf(page).flatMap((code) => {
      const [, method, address] = /^(GET|POST|PATCH|DELETE) (\/[^\s`?{]*)/.exec(code) ?? [];
      return method === undefined || address === undefined || address.includes("…") ? [] : [`${method} ${address}`];
    });
    if (isTriedElsewhere) return;
    expect(named.map(shapeOf).filter((shape) => !ADDRESSES.has(shape))).toEqual([]);
  });

  test("shows JSON and GraphQL that can be read", () => {
    const blocks = blocksOf(page);
    const texts = (language: string) => blocks.filter((block) => block.language === language).map(({ text }) => text);
    for (const text of texts("json")) expect(() => JSON.parse(text)).not.toThrow();
    for (const text of texts("graphql")) expect(() => parseGraphql(text)).not.toThrow();
  });
});

test("the README is one screen", () => {
  const readme = PAGES_READ.find(({ path }) => path === "README.md");
  expect(readme?.text.trimEnd().split("\n").length).toBeLessThanOrEqual(50);
});

test("every page can be found from the README or docs/README.md", () => {
  const linked = PAGES_READ.filter(({ path }) => /^(docs\/)?README\.md$/.test(path)).flatMap((page) =>
    linksOf(page).map((target) => normalize(join(dirname(page.path), target.split("#")[0] ?? ""))),
  );
  const others = PAGES_READ.map(({ path }) => path).filter(
    (path) => path !== "README.md" && !/^docs\/adr\//.test(path),
  );
  expect(others.filter((path) => !linked.includes(path))).toEqual([]);
});

test("a command that is not there, an option too much, an address that is not there are seen", async () => {
  expect(await objectionTo(wordsOf("schedules frobnicate"))).toMatch(/too many arguments|unknown command/);
  expect(await objectionTo(wordsOf('tasks list --colour "dark red"'))).toMatch(/unknown option '--colour'/);
  expect(await objectionTo(wordsOf("explain <task id> # why"))).toBeUndefined();
  expect(ADDRESSES.has(shapeOf("POST /api/v1/tasks/<id>/revoke"))).toBe(true);
  expect(ADDRESSES.has(shapeOf("POST /api/v1/tasks/<id>/explode"))).toBe(false);
});

test("the alerts' runbooks name commands and addresses that there are", async () => {
  const parts = runbooks.flatMap((text) => text.replaceAll(/\{\{.*?\}\}/g, "1").split(/[;:,] /));
  const commands = parts.filter((part) => part.startsWith("apium ")).map((part) => part.slice("apium ".length));
  const addresses = parts.flatMap((part) => /(?:GET|POST) \/[^\s?]*/.exec(part)?.[0] ?? []);
  expect(commands.length + addresses.length).toBeGreaterThan(runbooks.length / 2);
  expect(await objectionsTo(commands)).toEqual([]);
  expect(addresses.map(shapeOf).filter((shape) => !ADDRESSES.has(shape))).toEqual([]);
});

test("each alert has its place in the runbook", () => {
  const operations = PAGES_READ.find(({ path }) => path === "docs/operations.md");
  const names = [...alerts.matchAll(/alert: (\w+)/g)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(5);
  const known = operations === undefined ? [] : anchorsOf(operations);
  expect(names.filter((name) => !known.includes(name.toLowerCase()))).toEqual([]);
});

test("TypeScript compiles as it stands, with the names of test/support/document-prelude.ts", () => {
  const folder = join(ROOT, ".cache", "documents");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const blocks = PAGES_READ.flatMap(blocksOf).filter(({ language }) => language === "ts");
  for (const { place, text } of blocks) {
    writeFileSync(join(folder, `${place.replaceAll(/\W/g, "-")}.ts`), `${text}\nexport {};\n`);
  }
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../tsconfig.json",
      // What a page defines, it need not use.
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, allowUnusedLabels: true },
      include: ["*.ts", "../../test/support/document-prelude.ts"],
      exclude: [],
    }),
  );
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const { stdout } = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8", cwd: ROOT });
  expect(blocks.length).toBeGreaterThan(5);
  expect(stdout).toBe("");
}, 300_000);

async function objectionsTo(commands: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    commands.map(async (command) => {
      const objection = await objectionTo(wordsOf(command));
      return objection === undefined ? [] : [`apium ${command.trim()}: ${objection}`];
    }),
  );
  return found.flat();
}

/** An address with its parameters, whatever they are called, as `:`; below the API or not. */
function shapeOf(address: string): string {
  return address
    .replace(" /api/v1", " ")
    .replaceAll(/\/(?::\w+|<[^>]*>|\d+)/g, "/:")
    .replace(/(?<=.)\/$/, "");
}

const ADDRESSES: ReadonlySet<string> = new Set(
  [
    ...REST_ROUTES.map(({ method, path }) => `${method} ${path}`),
    ...Object.keys(OUTSIDE_PATHS),
    ...PAGES.map((path) => `GET ${path}`),
    ...GRAPHQL_PREFIXES.map((prefix) => `POST ${prefix === "/" ? "" : prefix}/graphql`),
    ...FLOWER_ENDPOINTS.map(({ method, path }) => `${method} /api${path}`),
  ].map(shapeOf),
);
