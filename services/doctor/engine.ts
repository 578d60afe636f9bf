// Whether what NATS keeps for us comes near to what it may keep. Pure.
import type { EngineLimit, Finding } from "../../runtime/index.ts";

const NEAR = 0.9;

export function checkEngine(limits: readonly EngineLimit[]): Finding[] {
  return limits
    .filter(({ used, most }) => used >= most * NEAR)
    .map(({ of, unit, used, most }) => ({
      severity: "warning",
      code: "STREAM_NEARLY_FULL",
      subject: of,
      message: `${of} holds ${used} of the ${most} ${unit} it may; what has no room is taken from the table, more slowly`,
      suggestion: "raise the limit at NATS, or look why nobody takes from the queue: `apium queues`",
    }));
}
