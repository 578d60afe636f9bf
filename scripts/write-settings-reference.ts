// docs/reference/settings.md, from the settings' own schema and from what the command line reads.
import type { z } from "zod";
import { CLIENT_ENVIRONMENT } from "../cli/environment.ts";
import { SETTING_FACTS, SETTINGS, type SettingFacts } from "../settings.ts";
import { code, page, table } from "./references/markdown.ts";

/** @throws Error naming a setting of which nothing is said. */
export function settingsReference(): string {
  const rows = Object.entries(SETTINGS).map(([name, schema]) => {
    const facts = SETTING_FACTS.get(schema);
    if (facts === undefined) throw new Error(`settings.ts: say what ${name} is: .register(SETTING_FACTS, { … })`);
    const { meaning, format, example, neededBy } = facts;
    return [code(name), meaning, defaultText(schema, facts), format, code(example), neededBy];
  });
  return page("Settings", "`settings.ts`", [
    "Settings are environment variables, read once at the start. None is needed to try it. A wrong one stops the start with one\nline for each that is wrong. An empty one is as good as none, but for `QUEUES`.",
    table(["setting", "meaning", "default", "format", "example", "needed by"], rows),
    "## The command line",
    table(
      ["variable", "meaning", "default"],
      Object.entries(CLIENT_ENVIRONMENT).map(([name, { meaning, preset }]) => [code(name), meaning, preset]),
    ),
    "## Elsewhere",
    table(
      ["variable", "meaning"],
      Object.entries(ELSEWHERE).map(([name, meaning]) => [code(name), meaning]),
    ),
  ]);
}

/** What is read neither by `settings.ts` nor by the command line; a test looks for others in the sources. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  NODE_ENV:
    "`production`: GraphQL tells nobody its schema, and `npm run repl` wants `--production` said. The image and the units of `deploy/` set it.",
  CI: "`true`: `npm test` fails where it lacks a server, instead of leaving those suites out.",
};

function defaultText(schema: z.ZodType, { without }: SettingFacts): string {
  if (without !== undefined) return without;
  const { defaultValue } = schema.def as { defaultValue?: unknown };
  if (defaultValue === undefined) throw new Error("a setting without a default says what happens without it");
  return code(String(defaultValue));
}
