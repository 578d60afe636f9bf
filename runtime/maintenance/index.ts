export { Expirer } from "./expirer.ts";
export { Joiner, type JoinerParts } from "./joiner.ts";
export { type Duty, Maintenance } from "./maintenance.ts";
export { OrphanSweep, type OrphanSweepParts } from "./orphan-sweep.ts";
export { Pruner, type PrunerOptions } from "./pruner.ts";
export { Relay } from "./relay.ts";
export { DEFAULT_MAX_CRASHES, Rescuer, type RescuerOptions } from "./rescuer.ts";
