/** Writes docs/reference/parity.md from the parity table; a test holds the two against each other. */
import { writeFileSync } from "node:fs";
import type { ParityRow, ParitySection } from "../docs/parity/row.ts";
import { PARITY } from "../docs/parity/table.ts";

interface Counts {
  readonly rows: number;
  readonly called: number;
  readonly shown: number;
  readonly absent: number;
}

export function parityReference(): string {
  const total = PARITY.map(counted).reduce((sum, one) => ({
    rows: sum.rows + one.rows,
    called: sum.called + one.called,
    shown: sum.shown + one.shown,
    absent: sum.absent + one.absent,
  }));
  const flower = new Set(
    PARITY.flatMap(({ rows }) => rows.flatMap(flowers)).map((request) => request.split(/[<?]/)[0]),
  );
  return `# Parity with Celery, beat, Flower and django-redis

Everything an operator of those has, and where it is here: the action of the broker that does it, its address below \`/api/v1\`,
the command (\`apium …\`; in \`npm run repl\` the same words, but \`caches\` for \`cache\` and \`task-events\` for \`events\`, which
Moleculer's REPL has its own of), and Flower's address below \`/api\`, for scripts that were written for it. A word in brackets
stands for something of yours; **operator** or **admin** is the role a change needs, \`dry\` says that it can be tried dry, and
each change leaves its word in the audit.

Written from \`docs/parity/table.ts\` by \`node scripts/write-parity-reference.ts\`. \`test/integration/parity.test.ts\` calls every
row through every face it names and compares the answers.

| section | of | rows | called through all their faces | a program or page, shown by a test | not here, with the reason |
| --- | --- | --- | --- | --- | --- |
${PARITY.map((section) => `| [${section.title}](#${anchor(section.title)}) | ${section.source} | ${figures(counted(section))} |`).join("\n")}
| **all** | | ${figures(total)} |

Flower's API has 20 addresses; ${[...flower].length} of them answer here.

${PARITY.map(sectionText).join("\n")}`;
}

function counted({ rows }: ParitySection): Counts {
  return {
    rows: rows.length,
    called: rows.filter(({ action, sameAs }) => action !== undefined || sameAs !== undefined).length,
    shown: rows.filter(({ program }) => program !== undefined).length,
    absent: rows.filter(({ notApplicable }) => notApplicable !== undefined).length,
  };
}

function figures({ rows, called, shown, absent }: Counts): string {
  return [rows, called, shown, absent].join(" | ");
}

function sectionText({ title, rows }: ParitySection): string {
  return `## ${title}

| there | action | REST | command | Flower | change |
| --- | --- | --- | --- | --- | --- |
${rows.map(rowText).join("\n")}
`;
}

function rowText(row: ParityRow): string {
  const note = row.note === undefined ? "" : ` ${row.note}`;
  const cells = (text: string) => `| ${cell(row.there)} | ${text} | | | | |`;
  if (row.notApplicable !== undefined) return cells(`not here: ${row.notApplicable}.${note}`);
  if (row.sameAs !== undefined) return cells(`as *${cell(row.sameAs)}*.${note}`);
  if (row.program !== undefined) return cells(`${row.program.use}.${note}`);
  const { action = "", rest, cli, changes } = row;
  const change =
    changes === undefined
      ? ""
      : [`**${changes.role}**`, `\`${changes.audit}\``, ...(changes.dryRun === true ? ["dry"] : [])].join(", ");
  const addresses = [...(rest === undefined ? [] : [rest]), ...(row.alsoAt ?? [])];
  return `| ${[
    `${cell(row.there)}${note === "" ? "" : `.${note}`}`,
    code(action),
    addresses.map(code).join(", "),
    cli === undefined ? "" : code(cli),
    flowers(row).map(code).join(", "),
    change,
  ].join(" | ")} |`;
}

function flowers({ flower }: ParityRow): readonly string[] {
  return flower === undefined ? [] : typeof flower === "string" ? [flower] : flower;
}

/** The table's words say what the test has to make; here they say what to put there. */
const WORDS: Readonly<Record<string, string>> = {
  ...{ ended: "task", running: "task", waiting: "task", failed: "task", letter: "dead letter" },
  ...{ "waiting mark": "text", "failed mark": "text", "letter mark": "text" },
  ...{ "purge queue": "queue", "schedule name": "schedule" },
};

function code(text: string): string {
  const shown = text.replaceAll(/<(?:fresh )?([a-z ]+)>/g, (_whole, word: string) => `<${WORDS[word] ?? word}>`);
  return `\`${shown.replaceAll("|", "\\|")}\``;
}

/** Brackets would be taken for HTML. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

function anchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, "")
    .replaceAll(" ", "-");
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(new URL("../docs/reference/parity.md", import.meta.url), parityReference());
}
