export { EagerCaller, type EagerOptions, eagerCaller } from "./eager-caller.ts";
export type { EagerTask } from "./eager-task.ts";
export { type RecordedTask, RecordingCaller, recordingCaller } from "./recording-caller.ts";
