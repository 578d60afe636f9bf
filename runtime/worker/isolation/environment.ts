// What of the worker's surroundings reaches a cell: enough to find programs and to run Node in the same way, and
// nothing that opens a door (database and broker URLs, tokens). Threads and processes alike. This keeps secrets out of
// the reach of mistakes and of what prints its environment; it is no sandbox against code that goes looking for them.
const KEPT = new Set(["PATH", "HOME", "LANG", "TZ", "SYSTEMROOT"]);
/** NODE_AUTH_TOKEN and its like are secrets, whatever they begin with. */
const SECRET = /TOKEN|SECRET|PASS|KEY|AUTH|CREDENTIAL/i;

/** Options that are the worker's alone: its secrets, its debugger, its watch mode, its inline script, its heap. */
const OWN = /^(--(env-file|inspect|debug|watch|test|input-type|max[-_]old[-_]space[-_]size|eval|print)|-e$|-p$|-pe$)/;

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

/** From within a cell: Node itself reads `--env-file` into the environment of each new thread. */
export function scrubEnvironment(environment: NodeJS.ProcessEnv = process.env): void {
  const kept = cellEnvironment(environment);
  for (const name of Object.keys(environment)) if (!(name in kept)) delete environment[name];
}

/** Node's own options for a process: those of the worker that concern how modules load, and the heap's cap. */
export function processArguments(
  memoryLimitMb: number | undefined,
  own: readonly string[] = process.execArgv,
): string[] {
  const passed: string[] = [];
  let isDropping = false; // Of an option that is dropped, its value too.
  for (const argument of own) {
    if (argument.startsWith("-")) isDropping = OWN.test(argument);
    if (!isDropping) passed.push(argument);
  }
  if (memoryLimitMb === undefined) return passed;
  const heapMb = Math.floor(Math.max(memoryLimitMb - OUTSIDE_HEAP_MB, memoryLimitMb / 2));
  return [...passed, `--max-old-space-size=${heapMb}`];
}
