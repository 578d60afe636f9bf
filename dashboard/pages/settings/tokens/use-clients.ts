// The clients' names. Whoever is of a client knows whose tokens they see.
import { isOfPlatform } from "../../../core/me.ts";
import type { Items } from "../../../core/shapes.ts";
import { useQuery } from "../../../core/use-query.ts";

interface Client {
  readonly id: number;
  readonly name: string;
}

export function useClientNames(): ReadonlyMap<number, string> {
  const clients = useQuery<Items<Client>>(isOfPlatform() ? "/sites?kind=CLIENT&limit=500" : undefined, { everyMs: 0 });
  return new Map(clients.data?.items.map(({ id, name }) => [id, name]) ?? []);
}
