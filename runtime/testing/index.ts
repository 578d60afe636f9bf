export { EagerCaller, type EagerOptions, type EagerTask, eagerCaller } from "./eager-caller.ts";
export { type RecordedTask, RecordingCaller, recordingCaller } from "./recording-caller.ts";
