// The way somebody went: the tracking points that refer to a tour, or to a site visit, become its path when it ends, and
// go. Points that come later, from a phone that was without a network, are put in their place.
import type { Transaction } from "../database/index.ts";

/** A path needs two points to be one. */
const FEWEST_POINTS = 2;

/** Folds the points that refer to the row into its path; how many there were. */
export async function foldJourney(
  tx: Transaction,
  table: "jobneed" | "attendance_event",
  rowId: number,
): Promise<number> {
  const { rows } = await tx.query<{ points: number }>(
    `with own as (select id, uuid, client_id, path from ${table} where id = $1::bigint),
     points as materialized (
       select t.id, t.latitude, t.longitude, t.at from tracking t join own w on t.reference = w.uuid
       where t.client_id is not distinct from w.client_id for update of t),
     journey as (
       select count(*) as length, json_agg(
         json_build_object('at', j.at, 'latitude', j.latitude, 'longitude', j.longitude) order by j.at) as path
       from (
         select p.at, p.latitude, p.longitude from points p
         union
         select (o.value->>'at')::timestamptz, (o.value->>'latitude')::float8, (o.value->>'longitude')::float8
         from own, json_array_elements(coalesce(own.path, '[]'::json)) o) j),
     kept as (
       update ${table} n set path = journey.path from journey
       where n.id = $1::bigint and journey.length >= $2::integer and exists (select 1 from points) returning n.id),
     gone as (delete from tracking t using points p where t.id = p.id and exists (select 1 from kept) returning t.id)
     select count(*)::integer as points from gone`,
    [rowId, FEWEST_POINTS],
  );
  return rows[0]?.points ?? 0;
}
