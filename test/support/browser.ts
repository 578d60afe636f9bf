/** A real browser on the dashboard: Debian's Chromium without a window, driven by playwright-core. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "@jest/globals";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { findBinary } from "./servers/find-binary.ts";
import { howToInstall } from "./servers/install.ts";

/** It must speak with nobody but the dashboard. */
const ARGUMENTS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
];
const WAIT_MS = 60_000;

/** In the page, which types for the server know nothing of. */
const WITHOUT_PATH = `{
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (text.nodeValue.includes(ROOT)) text.nodeValue = text.nodeValue.replaceAll(ROOT, "…");
  }
}`;

export interface Visit {
  readonly page: Page;
  /** What the page complained about: errors, refusals of the content security policy, failed requests. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export interface VisitOptions {
  readonly url: string;
  /** Signs in with it; without it the visitor is a stranger. */
  readonly token?: string;
  readonly width?: number;
  readonly isDark?: boolean;
}

/** Suites that need a browser: skipped with what to do about it where there is none, except with `CI=true`. */
export function describeInBrowser(name: string, fn: (visit: (options: VisitOptions) => Promise<Visit>) => void): void {
  const executablePath = findBinary("chromium");
  describe(name, () => {
    if (executablePath === undefined) {
      const reason = `needs Chromium. ${howToInstall(["chromium"])}`;
      if (process.env.CI !== "true") return it.skip(reason, () => {});
      return it(reason, () => {
        throw new Error(reason);
      });
    }
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath, args: ARGUMENTS, timeout: 180_000 });
    }, 240_000);
    afterAll(() => browser.close());
    fn((options) => visit(browser, options));
  });
}

async function visit(browser: Browser, { url, token, width = 1280, isDark = false }: VisitOptions): Promise<Visit> {
  const context: BrowserContext = await browser.newContext({
    baseURL: url,
    viewport: { width, height: 900 },
    colorScheme: isDark ? "dark" : "light",
    locale: "en-GB",
    timezoneId: "UTC",
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${message.text()} ${message.location().url}`);
  });
  if (token !== undefined) await page.goto(`/?token=${token}`);
  return { page, complaints, close: () => context.close() };
}

/** Keeps a picture of a page for the documents, without this machine's paths: in the folder SCREENSHOTS names, else nowhere. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.evaluate(WITHOUT_PATH.replaceAll("ROOT", JSON.stringify(process.cwd())));
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
