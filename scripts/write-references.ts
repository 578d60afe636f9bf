// `npm run references`: writes every page of docs/reference from the code it speaks of. The same code gives the same pages.
import { writeFileSync } from "node:fs";
import { cliReference } from "./write-cli-reference.ts";
import { errorReference } from "./write-error-reference.ts";
import { eventsReference } from "./write-events-reference.ts";
import { metricsReference } from "./write-metrics-reference.ts";
import { parityReference } from "./write-parity-reference.ts";
import { restReference } from "./write-rest-reference.ts";
import { settingsReference } from "./write-settings-reference.ts";
import { tasksReference } from "./write-tasks-reference.ts";

/** Files of docs/reference, and who writes them. */
export const REFERENCES: Readonly<Record<string, () => string | Promise<string>>> = {
  "settings.md": settingsReference,
  "rest.md": restReference,
  "events.md": eventsReference,
  "cli.md": cliReference,
  "tasks.md": tasksReference,
  "errors.md": errorReference,
  "metrics.md": metricsReference,
  "parity.md": parityReference,
};

if (process.argv[1] === import.meta.filename) {
  for (const [file, write] of Object.entries(REFERENCES)) {
    writeFileSync(new URL(`../docs/reference/${file}`, import.meta.url), await write());
  }
}
