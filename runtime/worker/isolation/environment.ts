// What of the worker's surroundings reaches a cell: enough to find programs and to run Node in the same way, and
// nothing that opens a door (database and broker URLs, tokens). Applied to threads and processes alike.
const KEPT = new Set(["PATH", "HOME", "LANG", "TZ", "SYSTEMROOT"]);
/** NODE_AUTH_TOKEN and its like are secrets, whatever they begin with. */
const SECRET = /TOKEN|SECRET|PASS|KEY|AUTH|CREDENTIAL/i;

/** Options that are about the worker itself: its debugger, its watch mode, its inline script, its heap. */
const OWN_OPTIONS = /^--(inspect|debug|watch|test|input-type|max-old-space-size|max_old_space_size)/;
const OWN_OPTIONS_WITH_VALUE = new Set(["-e", "--eval", "-p", "--print", "-pe"]);

/** V8 is told to keep its heap this far below the cap, for what lies outside of the heap. */
const OUTSIDE_HEAP_MB = 96;

export function cellEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || SECRET.test(name)) continue;
    if (KEPT.has(name.toUpperCase()) || name.startsWith("NODE_")) kept[name] = value;
  }
  return kept;
}

/** Node's own options for a process: those of the worker that concern how modules load, and the heap's cap. */
export function processArguments(
  memoryLimitMb: number | undefined,
  own: readonly string[] = process.execArgv,
): string[] {
  const passed = own.filter(
    (option, index) =>
      !OWN_OPTIONS.test(option) &&
      !OWN_OPTIONS_WITH_VALUE.has(option) &&
      !OWN_OPTIONS_WITH_VALUE.has(own[index - 1] ?? ""),
  );
  if (memoryLimitMb === undefined) return passed;
  const heapMb = Math.floor(Math.max(memoryLimitMb - OUTSIDE_HEAP_MB, memoryLimitMb / 2));
  return [...passed, `--max-old-space-size=${heapMb}`];
}
