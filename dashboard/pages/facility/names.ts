// Sites and people by id, for pages that show a row's references as words. As many as a page of the API holds; beyond that
// the number stands for itself.
import type { Items } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import type { Person, Site } from "./shapes.ts";

const MOST = 500;

export interface Names {
  readonly sites: readonly Site[];
  readonly people: readonly Person[];
  readonly site: (id: number | null) => string;
  readonly person: (id: number | null) => string;
}

export function useNames(): Names {
  const sites =
    useQuery<Items<Site>>(`/sites?limit=${MOST}`, { live: ["facility.imported"], everyMs: 0 }).data?.items ?? [];
  const people =
    useQuery<Items<Person>>(`/people?limit=${MOST}`, { live: ["facility.imported"], everyMs: 0 }).data?.items ?? [];
  return {
    sites,
    people,
    site: (id) => nameOf(sites, id),
    person: (id) => nameOf(people, id),
  };
}

function nameOf(rows: readonly { readonly id: number; readonly name: string }[], id: number | null): string {
  if (id === null) return "–";
  return rows.find((row) => row.id === id)?.name ?? `#${id}`;
}
