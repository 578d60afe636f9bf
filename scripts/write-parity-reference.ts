/** Writes docs/reference/parity.md from the parity table; a test holds the two against each other. */
import { writeFileSync } from "node:fs";
import { isPlace, type Place, type Step } from "../docs/parity/place.ts";
import type { ParityRow, ParitySection } from "../docs/parity/row.ts";
import { PARITY } from "../docs/parity/table.ts";

interface Counts {
  readonly rows: number;
  readonly called: number;
  readonly inDashboard: number;
  readonly shown: number;
  readonly absent: number;
}

export function parityReference(): string {
  const total = PARITY.map(counted).reduce((sum, one) => ({
    rows: sum.rows + one.rows,
    called: sum.called + one.called,
    inDashboard: sum.inDashboard + one.inDashboard,
    shown: sum.shown + one.shown,
    absent: sum.absent + one.absent,
  }));
  const flower = new Set(
    PARITY.flatMap(({ rows }) => rows.flatMap(flowers)).map((request) => request.split(/[<?]/)[0]),
  );
  return `# Parity with Celery, beat, Flower and django-redis

Everything an operator of those has, and where it is here: the action of the broker that does it, its address below \`/api/v1\`,
the command (\`apium …\`; in \`npm run repl\` the same words, but \`caches\` for \`cache\` and \`task-events\` for \`events\`, which
Moleculer's REPL has its own of), Flower's address below \`/api\`, for scripts that were written for it, and where it is in the
dashboard: the page, what is pressed there, and which fields are filled; or why it is not there. A word in brackets stands for
something of yours; **operator** or **admin** is the role a change needs, \`dry\` says that it can be tried dry, and each change
leaves its word in the audit.

Written from \`docs/parity/table.ts\` by \`node scripts/write-parity-reference.ts\`. \`test/integration/parity.test.ts\` calls every
row through every face it names and compares the answers; \`test/end-to-end/dashboard-parity.test.ts\` does each with clicks in a
browser, where what is read must be what REST answers.

| section | of | rows | called through all their faces | in the dashboard | a program or page, shown by a test | not here, with the reason |
| --- | --- | --- | --- | --- | --- | --- |
${PARITY.map((section) => `| [${section.title}](#${anchor(section.title)}) | ${section.source} | ${figures(counted(section))} |`).join("\n")}
| **all** | | ${figures(total)} |

Flower's API has 20 addresses; ${[...flower].length} of them answer here.

${PARITY.map(sectionText).join("\n")}`;
}

function counted({ rows }: ParitySection): Counts {
  return {
    rows: rows.length,
    called: rows.filter(({ action, sameAs }) => action !== undefined || sameAs !== undefined).length,
    inDashboard: rows.filter(isInDashboard).length,
    shown: rows.filter(({ program }) => program !== undefined).length,
    absent: rows.filter(({ notApplicable }) => notApplicable !== undefined).length,
  };
}

function isInDashboard({ dashboard, sameAs }: ParityRow): boolean {
  const other = PARITY.flatMap(({ rows }) => rows).find(({ there }) => there === sameAs);
  return isPlace(dashboard) || (other !== undefined && isInDashboard(other));
}

function figures({ rows, called, inDashboard, shown, absent }: Counts): string {
  return [rows, called, inDashboard, shown, absent].join(" | ");
}

function sectionText({ title, rows }: ParitySection): string {
  return `## ${title}

| there | action | REST | command | Flower | dashboard | change |
| --- | --- | --- | --- | --- | --- | --- |
${rows.map(rowText).join("\n")}
`;
}

function rowText(row: ParityRow): string {
  const note = row.note === undefined ? "" : ` ${row.note}`;
  const cells = (text: string) => `| ${cell(row.there)} | ${text} | | | | ${dashboardText(row)} | |`;
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
    dashboardText(row),
    change,
  ].join(" | ")} |`;
}

function flowers({ flower }: ParityRow): readonly string[] {
  return flower === undefined ? [] : typeof flower === "string" ? [flower] : flower;
}

function dashboardText({ dashboard }: ParityRow): string {
  if (dashboard === undefined) return "";
  return isPlace(dashboard) ? cell(named(placeText(dashboard))) : `– ${cell(dashboard.not)}`;
}

/** `Queues › external_api › Pause`: the page, narrowed by what is in brackets; what is pressed; and the fields in between. */
function placeText({ at, steps }: Place): string {
  const [path = "", query] = at.split("?");
  const rooms = path.split("/").filter((part) => part !== "");
  const params = [...new URLSearchParams(query)];
  const tab = params
    .filter(([name]) => name === "tab")
    .map(([, value]) => (value === "types" ? "Task types" : sentenceCase(value)));
  const narrowed = params.filter(([name]) => name !== "tab").map(([name, value]) => `${name} ${value}`);
  const [room = "overview", ...inner] = rooms;
  const page = [sentenceCase(room), ...inner, ...tab].join(" › ");
  return [narrowed.length === 0 ? page : `${page} (${narrowed.join(", ")})`, ...stepTexts(steps)].join(" › ");
}

function stepTexts(steps: readonly Step[]): readonly string[] {
  const texts: string[] = [];
  let fields: string[] = [];
  for (const step of steps) {
    if ("fill" in step) fields.push(step.fill);
    else if ("choose" in step) fields.push(step.of);
    else if (!("sees" in step)) {
      if (fields.length > 0) texts.push(fields.join(", "));
      fields = [];
      if ("turn" in step) texts.push(`${step.turn} ${step.to}`);
      else texts.push("press" in step ? step.press : "confirm" in step ? step.confirm : step.tick);
    }
  }
  return fields.length > 0 ? [...texts, fields.join(", ")] : texts;
}

function sentenceCase(name: string): string {
  const words = name.replaceAll("-", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** The table's words say what the test has to make; here they say what to put there. */
const WORDS: Readonly<Record<string, string>> = {
  ...{ ended: "task", running: "task", waiting: "task", failed: "task", letter: "dead letter" },
  ...{ "waiting mark": "text", "failed mark": "text", "letter mark": "text" },
  ...{ "purge queue": "queue", "paused queue": "queue", "schedule name": "schedule", "enabled schedule": "schedule" },
  ...{ parent: "task", "paused tenant": "tenant" },
};

function code(text: string): string {
  return `\`${named(text).replaceAll("|", "\\|")}\``;
}

function named(text: string): string {
  return text.replaceAll(/<(?:fresh )?([a-z ]+)>/g, (_whole, word: string) => `<${WORDS[word] ?? word}>`);
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
