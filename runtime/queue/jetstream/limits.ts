// What an operator, or the account at NATS, lets the streams of the queues hold. They are made without limits of their own.
import type { JetStreamManager, StreamInfo } from "@nats-io/jetstream";
import type { EngineLimit } from "../queue.ts";

export async function engineLimits(manager: JetStreamManager, names: readonly string[]): Promise<EngineLimit[]> {
  const [account, streams] = await Promise.all([
    manager.getAccountInfo(),
    Promise.all(names.map((name) => manager.streams.info(name))),
  ]);
  const whole = { of: "JetStream", unit: "bytes", used: account.storage, most: account.limits.max_storage } as const;
  // -1: without limit.
  return [whole, ...streams.flatMap(limitsOf)].filter(({ most }) => most > 0);
}

function limitsOf({ config, state }: StreamInfo): EngineLimit[] {
  return [
    { of: config.name, unit: "bytes", used: state.bytes, most: config.max_bytes },
    { of: config.name, unit: "messages", used: state.messages, most: config.max_msgs },
  ];
}
