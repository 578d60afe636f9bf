// Which processes of the bus have an action, as this one knows: those that are there, and those that have been gone for too
// short a time to be missed.
import type { ServiceBroker } from "moleculer";

interface Endpoints {
  readonly registry: {
    getActionEndpoints(name: string): { readonly endpoints: readonly { readonly id: string }[] } | undefined;
  };
}

/** Their node ids; this process's own among them. */
export function processesWith(broker: ServiceBroker, action: string): string[] {
  const { endpoints = [] } = (broker as unknown as Endpoints).registry.getActionEndpoints(action) ?? {};
  return endpoints.map(({ id }) => id);
}
