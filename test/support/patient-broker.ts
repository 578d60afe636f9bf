/**
 * A caller with patience: on a busy machine an answer may need longer than the product waits for it. Not where a test is
 * about who is silent, or about how long that is borne.
 */
import type { ServiceBroker } from "moleculer";
import { HERE } from "../../runtime/moleculer/inspect-ask.ts";

const PATIENCE_MS = 60_000;
const OF_WORKERS = [HERE];
/** What the gateway asks of each who comes in. */
export const OF_ACCOUNTS = ["accounts.ofPassword", "accounts.ofToken", "accounts.ofKey"];

type Call = (action: string, params?: unknown, options?: object) => Promise<unknown>;

/** From here on the answers of these actions are waited for; of workers, where none are named. */
export function waitForAnswers(broker: ServiceBroker, actions: readonly string[] = OF_WORKERS): void {
  const call = broker.call.bind(broker) as Call;
  const patient: Call = (action, params, options) =>
    call(action, params, actions.includes(action) ? { ...options, timeout: PATIENCE_MS } : options);
  Object.assign(broker, { call: patient });
}
