/**
 * A facility to test on: a backend with every service's tables, and rows with sane defaults. Each call makes a row of its
 * own and gives its id; whatever is named overrides the default.
 */
import type { Database, Parameter } from "../../database/index.ts";
import { type Backend, type BackendName, openBackend } from "./backends.ts";
import { migrateServices } from "./services.ts";

export type Columns = Readonly<Record<string, Parameter | undefined>>;

export interface Facility {
  readonly backend: Backend;
  readonly database: Database;
  makeClient(columns?: Columns): Promise<number>;
  /** Of a client of its own unless `client_id` is given. */
  makeSite(columns?: Columns): Promise<number>;
  /** Verified and enabled, with an address; of the site's client. */
  makePerson(siteId: number, columns?: Columns): Promise<number>;
  makeGroup(siteId: number, columns?: Columns): Promise<number>;
  addMember(groupId: number, member: { readonly personId?: number; readonly siteId?: number }): Promise<number>;
  makeAsset(siteId: number, columns?: Columns): Promise<number>;
  /** A checklist with this many numeric questions. */
  makeChecklist(siteId: number, lines?: number): Promise<number>;
  /** A TASK at 08:00 local, valid 2020 to 2100; grace 10, plan 30, expiry 15 minutes. */
  makeJob(siteId: number, columns?: Columns): Promise<number>;
  /** Of a tour. */
  makeCheckpoint(jobId: number, seqno: number, columns?: Columns): Promise<number>;
  makeJobneed(siteId: number, columns?: Columns): Promise<number>;
  makeTicket(siteId: number, columns?: Columns): Promise<number>;
  makeMatrix(columns: Columns): Promise<number>;
  /** A value of type-assist that everybody has. */
  typeAssist(category: string, code: string): Promise<number>;
  clientOf(siteId: number): Promise<number>;
  /** The one row of a query. */
  one<Row>(text: string, parameters?: readonly Parameter[]): Promise<Row>;
  all<Row>(text: string, parameters?: readonly Parameter[]): Promise<Row[]>;
}

export async function openFacility(name: BackendName): Promise<Facility> {
  const backend = await openBackend(name);
  await migrateServices(backend);
  return facilityOn(backend);
}

export function facilityOn(backend: Backend): Facility {
  const { database } = backend;
  let made = 0;
  const next = () => ++made;

  async function all<Row>(text: string, parameters: readonly Parameter[] = []): Promise<Row[]> {
    return (await database.query<Row>(text, parameters)).rows;
  }
  async function one<Row>(text: string, parameters: readonly Parameter[] = []): Promise<Row> {
    const rows = await all<Row>(text, parameters);
    if (rows[0] === undefined) throw new Error(`no row: ${text}`);
    return rows[0];
  }
  async function insert(table: string, columns: Columns): Promise<number> {
    const given = Object.entries(columns).filter(([, value]) => value !== undefined);
    const names = given.map(([column]) => column).join(", ");
    const places = given.map((_, index) => `$${index + 1}`).join(", ");
    const values = given.map(([, value]) => value as Parameter);
    return (await one<{ id: number }>(`insert into ${table} (${names}) values (${places}) returning id`, values)).id;
  }
  const clientOf = async (siteId: number): Promise<number> =>
    (await one<{ id: number }>("select client_id as id from site where id = $1", [siteId])).id;

  const facility: Facility = {
    backend,
    database,
    all,
    one,
    clientOf,
    async makeClient(columns = {}) {
      const n = next();
      const id = await insert("site", { code: `CLIENT-${n}`, name: `Client ${n}`, kind: "CLIENT", ...columns });
      await database.query("update site set client_id = id where id = $1", [id]);
      return id;
    },
    async makeSite(columns = {}) {
      const client_id = columns.client_id ?? (await facility.makeClient());
      const n = next();
      return insert("site", { code: `SITE-${n}`, name: `Site ${n}`, timezone: "UTC", ...columns, client_id });
    },
    async makePerson(siteId, columns = {}) {
      const n = next();
      const client_id = await clientOf(siteId);
      const email = `person-${n}@facility.example`;
      return insert("person", { name: `Person ${n}`, code: `P-${n}`, email, site_id: siteId, client_id, ...columns });
    },
    async makeGroup(siteId, columns = {}) {
      return insert("people_group", { name: `Group ${next()}`, client_id: await clientOf(siteId), ...columns });
    },
    async addMember(groupId, { personId, siteId }) {
      const { client_id } = await one<{ client_id: number }>("select client_id from people_group where id = $1", [
        groupId,
      ]);
      return insert("group_member", { group_id: groupId, person_id: personId, site_id: siteId, client_id });
    },
    async makeAsset(siteId, columns = {}) {
      const n = next();
      const client_id = await clientOf(siteId);
      return insert("asset", { code: `A-${n}`, name: `Asset ${n}`, site_id: siteId, client_id, ...columns });
    },
    async makeChecklist(siteId, lines = 3) {
      const client_id = await clientOf(siteId);
      const set = await insert("question_set", { client_id, name: `Checklist ${next()}` });
      for (let seqno = 1; seqno <= lines; seqno += 1) {
        const question = {
          client_id,
          name: `Question ${next()}`,
          answer_type: "NUMERIC",
          min_value: 0,
          max_value: 100,
        };
        const question_id = await insert("question", question);
        const { name: _, ...answer } = question;
        await insert("question_set_member", { ...answer, question_set_id: set, question_id, seqno });
      }
      return set;
    },
    async makeJob(siteId, columns = {}) {
      return insert("job", {
        client_id: await clientOf(siteId),
        site_id: siteId,
        name: `Job ${next()}`,
        cron: "0 8 * * *",
        valid_from: "2020-01-01T00:00:00Z",
        valid_to: "2100-01-01T00:00:00Z",
        grace_time: 10,
        plan_duration: 30,
        expiry_time: 15,
        ...columns,
      });
    },
    async makeCheckpoint(jobId, seqno, columns = {}) {
      const job = await one<{ client_id: number; site_id: number; identifier: string }>(
        "select client_id, site_id, identifier from job where id = $1",
        [jobId],
      );
      return insert("job", {
        ...job,
        parent_id: jobId,
        seqno,
        name: `Checkpoint ${next()}`,
        valid_from: "2020-01-01T00:00:00Z",
        valid_to: "2100-01-01T00:00:00Z",
        ...columns,
      });
    },
    async makeJobneed(siteId, columns = {}) {
      const client_id = await clientOf(siteId);
      return insert("jobneed", { client_id, site_id: siteId, name: `Jobneed ${next()}`, ...columns });
    },
    async makeTicket(siteId, columns = {}) {
      const n = next();
      const client_id = await clientOf(siteId);
      const base = { client_id, site_id: siteId, number: `T#${n}`, description: `Ticket ${n}`, created_by: "test" };
      return insert("ticket", { ...base, ...columns });
    },
    makeMatrix: (columns) =>
      insert("escalation_matrix", { level: 1, frequency: "MINUTE", frequency_value: 30, ...columns }),
    async typeAssist(category, code) {
      const known = await all<{ id: number }>(
        "select id from type_assist where category = $1 and code = $2 and client_id is null",
        [category, code],
      );
      return known[0]?.id ?? insert("type_assist", { category, code, name: code });
    },
  };
  return facility;
}
