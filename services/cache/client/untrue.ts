// What an invalidation names: keys, a glob, tags, or, naming none of them, everything in its cache.
import { globExpression } from "../keys.ts";
import type { Flight } from "./flight.ts";

export interface Untrue {
  readonly keys?: readonly string[] | undefined;
  readonly pattern?: string | undefined;
  readonly tags?: readonly string[] | undefined;
}

export const EVERYTHING: Untrue = {};

/** Whether it names the key of a flight, or a tag under which the flight's value will be stored. */
export function namer({ keys, pattern, tags }: Untrue): (flight: Flight) => boolean {
  if (keys === undefined && pattern === undefined && tags === undefined) return () => true;
  const glob = pattern === undefined ? undefined : globExpression(pattern);
  return (flight) =>
    keys?.includes(flight.key) === true ||
    glob?.test(flight.key) === true ||
    tags?.some((tag) => flight.tags.includes(tag)) === true;
}
