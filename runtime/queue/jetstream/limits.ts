// What an operator, or the account at NATS, lets the streams of the queues hold. They are made without limits of their own.
// A limit of the server itself (`max_file_store`) is told to nobody but its own monitoring.
import type { JetStreamManager, StreamInfo } from "@nats-io/jetstream";
import type { EngineLimit } from "../queue.ts";
import { isMissing } from "./streams.ts";

export async function engineLimits(manager: JetStreamManager, names: readonly string[]): Promise<EngineLimit[]> {
  const [account, streams] = await Promise.all([
    manager.getAccountInfo(),
    Promise.all(names.map((name) => manager.streams.info(name).catch(unlessMissing))),
  ]);
  const whole = { of: "JetStream", unit: "bytes", used: account.storage, most: account.limits.max_storage } as const;
  // -1: without limit.
  return [whole, ...streams.filter((info) => info !== undefined).flatMap(limitsOf)].filter(({ most }) => most > 0);
}

/** One that is missing is made anew by the upkeep. */
function unlessMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

function limitsOf({ config, state }: StreamInfo): EngineLimit[] {
  return [
    { of: config.name, unit: "bytes", used: state.bytes, most: config.max_bytes },
    { of: config.name, unit: "messages", used: state.messages, most: config.max_msgs },
  ];
}
