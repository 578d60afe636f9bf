export { type Await, Caller, type CallerParts } from "./caller.ts";
export { Canvas, type CanvasParts, CHAIN, type ChainCall, GROUP } from "./canvas.ts";
export { type Inserted, insertTasks, type NewTasks } from "./insert-tasks.ts";
export { type Placement, paramsText, place } from "./prepare.ts";
