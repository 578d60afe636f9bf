/** What `npm test -- …` was asked for: which parts to run, and what each hands on to Jest. */
export const HELP = `npm test                              everything
npm test -- test/unit/cron.test.ts    these files (a path or a pattern, as for jest)
npm test -- -t "keeps its data"       the tests with these words
npm test -- --only <part>             lint, types, fault, or a room of test/: unit, conformance, …
npm test -- --only fault --all        the long fault runs too
Everything else is handed on to jest.`;

/** `tests` are all rooms of test/ but `fault`. */
export type Part = "lint" | "types" | "tests" | "fault";

export interface TestOptions {
  readonly parts: ReadonlySet<Part>;
  readonly all: boolean;
  readonly testArgs: readonly string[];
  readonly faultArgs: readonly string[];
  readonly needsServers: boolean;
}

const ALL_PARTS: readonly Part[] = ["lint", "types", "tests", "fault"];
const ROOMS_WITHOUT_SERVERS = /^test\/(unit|property)(\/|$)/;

export function readOptions(argv: readonly string[]): TestOptions | "help" {
  const only: string[] = [];
  const forJest: string[] = [];
  let all = false;
  for (let at = 0; at < argv.length; at += 1) {
    const arg = argv[at] ?? "";
    if (arg === "--help") return "help";
    if (arg === "--all") all = true;
    else if (arg === "--only") only.push(...(argv[++at] ?? "").split(","));
    else if (arg.startsWith("--only=")) only.push(...arg.slice("--only=".length).split(","));
    else forJest.push(arg);
  }
  const rooms = only.filter((part) => part !== "tests" && !isPart(part)).map((room) => `test/${room}/`);
  const paths = [...forJest.filter((arg) => arg.startsWith("test/") || arg.startsWith("./test/")), ...rooms];
  const flags = forJest.filter((arg) => !paths.includes(arg));
  const faultPaths = paths.filter((path) => path.includes("test/fault"));
  const testPaths = paths.filter((path) => !faultPaths.includes(path));

  const parts = new Set<Part>(only.filter(isPart));
  if (testPaths.length > 0) parts.add("tests");
  if (faultPaths.length > 0) parts.add("fault");
  if (parts.size === 0) for (const part of flags.length > 0 ? (["tests"] as const) : ALL_PARTS) parts.add(part);

  const runsOnlyPureTests = testPaths.length > 0 && testPaths.every((path) => ROOMS_WITHOUT_SERVERS.test(path));
  return {
    parts,
    all,
    testArgs: [...flags, ...testPaths],
    faultArgs: [...flags, ...faultPaths],
    needsServers: parts.has("fault") || (parts.has("tests") && !runsOnlyPureTests),
  };
}

function isPart(name: string): name is Part {
  return (ALL_PARTS as readonly string[]).includes(name);
}
