export { EventBatcher } from "./event-batcher.ts";
