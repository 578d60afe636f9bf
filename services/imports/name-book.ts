// Finds the rows that cells name: by code or by name, of the client the import is about.
import type { Queryable } from "../../database/index.ts";
import type { Named } from "../importer.ts";

interface Place {
  readonly table: string;
  readonly column: "code" | "name";
  readonly noun: string;
  /** The kind of file that brings such rows. */
  readonly kind: string;
  /** More of the condition. */
  readonly only?: string;
  /** Looked for at the row's site: `must` be there, or rather there than anywhere. */
  readonly atSite?: "must" | "rather";
}

const PLACES: Readonly<Record<Extract<Named, string>, Place>> = {
  site: { table: "site", column: "code", noun: "site", kind: "sites" },
  person: { table: "person", column: "code", noun: "person", kind: "people" },
  peopleGroup: { table: "people_group", column: "name", noun: "group", kind: "groups", only: "kind = 'PEOPLEGROUP'" },
  siteGroup: {
    table: "people_group",
    column: "name",
    noun: "group of sites",
    kind: "groups",
    only: "kind = 'SITEGROUP'",
  },
  shift: { table: "shift", column: "name", noun: "shift", kind: "shifts", atSite: "rather" },
  location: { table: "location", column: "code", noun: "location", kind: "locations", atSite: "must" },
  asset: { table: "asset", column: "code", noun: "asset", kind: "assets", atSite: "must" },
  questionSet: { table: "question_set", column: "name", noun: "checklist", kind: "checklists", atSite: "rather" },
  job: { table: "job", column: "name", noun: "job", kind: "jobs", only: "parent_id is null", atSite: "must" },
};

export class NameBook {
  readonly #store: Queryable;
  readonly #client: () => number;
  readonly #known = new Map<string, number>();
  readonly #zones = new Map<number, string>();
  /** Rows of this import that are bad themselves, by kind and name. */
  readonly #bad = new Map<string, string>();

  constructor(store: Queryable, client: () => number) {
    this.#store = store;
    this.#client = client;
  }

  async idOf(named: Named, text: string, siteId: number | undefined): Promise<number | undefined> {
    const key = JSON.stringify([named, text, siteId]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id =
      typeof named === "string"
        ? await this.#row(PLACES[named], text, siteId)
        : await this.#value(named.typeAssist, text);
    if (id !== undefined) this.#known.set(key, id);
    return id;
  }

  /** Why a name leads nowhere, and what to do. */
  async unknown(named: Named, text: string, siteId: number | undefined): Promise<string> {
    if (typeof named !== "string") {
      return `there is no ${named.typeAssist} with the code ${text}; add it to type_assist`;
    }
    const { table, column, noun, kind, atSite } = PLACES[named];
    if (atSite === "must" && siteId === undefined) return `a ${noun} is looked for at a site: fill in the column site`;
    const bad = this.#bad.get(`${kind} ${text}`);
    if (bad !== undefined) return `the ${noun} ${text} could not be taken in: see ${bad}`;
    const { rows } = await this.#store.query<{ name: string }>(
      `select ${column} as name from ${table} where client_id = $1::bigint and lower(trim(${column})) = lower($2) limit 1`,
      [this.#client(), text],
    );
    const place = atSite === "must" ? " at this site" : "";
    if (rows[0] !== undefined) return `there is no ${noun} ${text}${place}; did you mean ${rows[0].name}?`;
    return `there is no ${noun} ${text}${place}; add it to ${kind}`;
  }

  /** The zone of a site's clocks, or of the client's. */
  async zoneOf(siteId: number | undefined): Promise<string> {
    const id = siteId ?? this.#client();
    const known = this.#zones.get(id);
    if (known !== undefined) return known;
    const { rows } = await this.#store.query<{ timezone: string }>("select timezone from site where id = $1::bigint", [
      id,
    ]);
    const zone = rows[0]?.timezone ?? "UTC";
    this.#zones.set(id, zone);
    return zone;
  }

  /** What names it later hears where it failed. */
  noteBad(kind: string, name: string, place: string): void {
    this.#bad.set(`${kind} ${name}`, place);
  }

  async #row({ table, column, only = "true", atSite }: Place, text: string, siteId: number | undefined) {
    const there =
      atSite === "must"
        ? "site_id = $3::bigint"
        : atSite === "rather"
          ? "(site_id = $3::bigint or site_id is null)"
          : "$3::bigint is null";
    const { rows } = await this.#store.query<{ id: number }>(
      `select id from ${table} where client_id = $1::bigint and ${column} = $2 and ${only} and ${there}
       order by ${atSite === "rather" ? "site_id nulls last, " : ""}id limit 1`,
      [this.#client(), text, atSite === undefined ? null : (siteId ?? null)],
    );
    return rows[0]?.id;
  }

  async #value(category: string, code: string): Promise<number | undefined> {
    const { rows } = await this.#store.query<{ id: number }>(
      `select id from type_assist where category = $1 and code = $2 and (client_id = $3::bigint or client_id is null)
       order by client_id nulls last limit 1`,
      [category, code, this.#client()],
    );
    return rows[0]?.id;
  }
}
