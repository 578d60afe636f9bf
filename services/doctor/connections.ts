// How near the database is to the connections it gives: to all, to this database, to our role. An embedded one has no such limit.
import type { Database } from "../../database/index.ts";
import type { Finding } from "../../runtime/index.ts";

const NEAR = 0.9;

interface Room {
  readonly of: string;
  readonly used: number;
  readonly most: number;
}

/** Of views that every role may read. A limit of -1 is none. */
const ROOMS = `
select of, used::integer as used, most::integer as most from (values
  ('the server', (select sum(numbackends) from pg_stat_database where datid <> 0),
    current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
      - coalesce(current_setting('reserved_connections', true)::integer, 0)),
  ('the database', (select numbackends from pg_stat_database where datname = current_database()),
    (select datconnlimit from pg_database where datname = current_database())),
  ('the role', (select count(*) from pg_stat_activity where usename = current_user),
    (select rolconnlimit from pg_roles where rolname = current_user))
) as room (of, used, most)
where most > 0`;

/** @throws ApiumError `STORE_UNAVAILABLE`, `STORE_TIMEOUT`. */
export async function checkConnections(database: Database): Promise<Finding[]> {
  if (database.engine === "pglite") return [];
  const { rows } = await database.query<Room>(ROOMS);
  return rows
    .filter(({ used, most }) => used >= most * NEAR)
    .map(({ of, used, most }) => ({
      severity: "warning",
      code: "CONNECTIONS_NEARLY_USED_UP",
      subject: of,
      message: `${used} of the ${most} connections that ${of} gives are in use`,
      suggestion: "raise the limit (18 connections a process), or run fewer processes",
    }));
}
