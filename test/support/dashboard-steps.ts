/**
 * The steps of docs/parity/place.ts in a real browser: what is pressed, filled and seen is found by what people read or hear
 * of it, never by how it is drawn.
 */
import { expect } from "@jest/globals";
import type { Locator, Page } from "playwright-core";
import { inZone } from "../../dashboard/core/zone.ts";
import type { Step } from "../../docs/parity/place.ts";
import { eventually } from "./backends.ts";

/** For what never comes about: a busy machine is slow, not wrong. */
export const PATIENCE_MS = 90_000;

const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
/** What a page says: its text, what it says to those who hear it, and what stands in its fields. */
const SAID = `[...document.querySelectorAll("main, dialog")].map((part) => [
  part.textContent,
  ...[...part.querySelectorAll("[title], [aria-label]")].flatMap((one) => [one.title, one.ariaLabel]),
  ...[...part.querySelectorAll("input, textarea, select")].map((one) => one.value),
].join(" ")).join(" ")`;

/**
 * To another page of one that is open, as a link leads there: it is not loaded anew, so what somebody has begun on it may be
 * there yet. Until it is drawn.
 */
export async function follow(page: Page, at: string): Promise<void> {
  await page.evaluate(
    `history.pushState(null, "", ${JSON.stringify(at)}); dispatchEvent(new PopStateEvent("popstate"));
    new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())))`,
  );
}

/** @param answer - what REST says, for the braces. */
export async function take(page: Page, step: Step, answer: () => Promise<unknown>): Promise<void> {
  if ("sees" in step) {
    await eventually(async () => {
      const wanted = textsOf(step.sees, await answer());
      const said = plain(await page.evaluate<string>(SAID));
      expect({ wanted, missing: wanted.filter((text) => !said.includes(plain(text))), said }).toMatchObject({
        wanted: expect.arrayContaining([expect.any(String)]),
        missing: [],
      });
      return true;
    }, PATIENCE_MS);
    return;
  }
  const control = controlOf(page, step);
  if ("fill" in step) await control.fill(step.with);
  else if ("tick" in step) await control.check();
  else if ("turn" in step) {
    await page.getByRole("switch", { name: step.turn, exact: true, checked: step.to === "off" }).click();
    await page.getByRole("switch", { name: step.turn, exact: true, checked: step.to === "on" }).waitFor();
  } else if ("choose" in step) {
    const isList = (await control.evaluate(({ tagName }) => tagName)) === "SELECT";
    if (isList) await control.selectOption(step.choose);
    else await control.getByText(step.choose, { exact: true }).click();
  } else await control.click();
}

/** Whether it is there to be used. */
export async function isOffered(page: Page, step: Step): Promise<boolean> {
  const control = controlOf(page, step);
  return (await control.count()) > 0 && (await control.isEnabled());
}

function controlOf(page: Page, step: Exclude<Step, { readonly sees: string }> | Step): Locator {
  if ("press" in step) return pressable(page.locator("body"), step.press);
  if ("confirm" in step) return pressable(page.getByRole("dialog"), step.confirm);
  if ("turn" in step) return page.getByRole("switch", { name: step.turn, exact: true });
  if ("fill" in step) return page.getByLabel(step.fill, { exact: true });
  if ("tick" in step) return page.getByRole("checkbox", { name: step.tick, exact: true });
  if ("choose" in step) {
    const byName = { name: step.of, exact: true } as const;
    // What has opened stands last: a list of the page behind it may have the same name.
    return page.getByRole("combobox", byName).or(page.getByRole("group", byName)).last();
  }
  return page.locator("main");
}

function pressable(within: Locator, name: string): Locator {
  const byName = { name, exact: true } as const;
  return within
    .getByRole("button", byName)
    .or(within.getByRole("link", byName))
    .or(within.locator("summary").getByText(name, { exact: true }));
}

/** A template with its braces filled: one text, or with a star one for each of a list. */
export function textsOf(template: string, answer: unknown): readonly string[] {
  const star = /\{([^{}*]*?)\.?\*/.exec(template);
  if (star === null) {
    return [template.replaceAll(/\{([\w.]+)\}/g, (_whole, path: string) => wordsOf(valueAt(answer, path)))];
  }
  const list = star[1] ?? "";
  const each = valueAt(answer, list) as readonly unknown[];
  const prefix = list === "" ? "{*" : `{${list}.*`;
  return each.flatMap((_one, index) =>
    textsOf(template.replaceAll(prefix, `{${list === "" ? "" : `${list}.`}${index}`), answer),
  );
}

function valueAt(answer: unknown, path: string): unknown {
  return path
    .split(".")
    .filter((name) => name !== "")
    .reduce((value: unknown, name) => (value as Record<string, unknown> | null | undefined)?.[name], answer);
}

/** As the dashboard writes it. */
function wordsOf(value: unknown): string {
  if (typeof value === "string") return value.replaceAll(INSTANT, (instant) => inZone(instant, "UTC"));
  if (value === undefined) throw new Error("REST answered without it");
  return JSON.stringify(value);
}

/** Letters' cases and blanks are how it is set, not what it says. */
function plain(text: string): string {
  return text.toLowerCase().replaceAll(/\s+/g, "");
}
