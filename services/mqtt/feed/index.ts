export { Feed, type FeedOptions, type FeedStats } from "./feed.ts";
export { type Backlog, OUTBOX_RETENTION_MS, outboxBacklog, trimOutbox, wantFeed } from "./outbox.ts";
