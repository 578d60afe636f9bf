// The parity table: everything, section by section. A test calls every row through every face it names
// (test/integration/parity.test.ts), and docs/reference/parity.md is written from it.
import { BEAT } from "./beat.ts";
import { BEYOND } from "./beyond.ts";
import { CACHE } from "./cache.ts";
import { CALLING } from "./calling.ts";
import { COMMANDS } from "./commands.ts";
import { CONTROL } from "./control.ts";
import { INSPECT } from "./inspect.ts";
import { QUEUES_AND_HEALTH } from "./queues.ts";
import type { ParitySection } from "./row.ts";

export const PARITY: readonly ParitySection[] = [
  COMMANDS,
  CALLING,
  INSPECT,
  CONTROL,
  QUEUES_AND_HEALTH,
  BEAT,
  CACHE,
  BEYOND,
];
