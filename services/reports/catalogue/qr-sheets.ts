/**
 * PEOPLEQR, ASSETQR, CHECKPOINTQR, LOCATIONQR: sheets of QR codes to print and cut out. What phones scan is the code itself.
 * Asked for by sites, what is in use is printed; asked for by ids, what was named.
 */
import { z } from "zod";
import { id, refused } from "../../fields.ts";
import { type Scope, Values, within } from "../../scope.ts";
import { defineReport, type ReportDefinition } from "../definition.ts";
import type { Fact, Row } from "../document.ts";
import type { ReportReader } from "../reader.ts";
import { BatchValues } from "./batch-values.ts";
import { chosenRows, oneOf } from "./chosen-rows.ts";
import { chooseSites, siteFact, siteIds } from "./site-choice.ts";

const MILLIMETRES = { S: 25, M: 40, L: 60 } as const;
const MOST_IDS = 5_000;

interface Kind {
  readonly key: string;
  readonly title: string;
  readonly description: string;
  readonly noun: string;
  readonly table: "person" | "asset" | "location";
  /** What rows of the table these are; conditions on `t`. */
  readonly condition?: string;
  readonly inUse: string;
}

const params = z
  .strictObject({
    siteIds: siteIds.optional(),
    /** Of the people, assets, … themselves. */
    ids: z.array(id).min(1).max(MOST_IDS).optional(),
    size: z.enum(["S", "M", "L"]).default("M"),
  })
  .superRefine((given, ctx) => {
    if ((given.ids === undefined) !== (given.siteIds === undefined)) return;
    ctx.addIssue({ code: "custom", path: ["ids"], message: "give either siteIds or ids" });
  });
type Params = z.output<typeof params>;

export const peopleQr = qrSheet({
  key: "PEOPLEQR",
  title: "People QR",
  description: "QR codes of people.",
  table: "person",
  noun: "person",
  inUse: "t.enabled",
});

export const assetQr = qrSheet({
  key: "ASSETQR",
  title: "Asset QR",
  description: "QR codes of assets.",
  table: "asset",
  noun: "asset",
  condition: "t.identifier in ('ASSET', 'NEA')",
  inUse: "t.enabled and t.running_status <> 'SCRAPPED'",
});

export const checkpointQr = qrSheet({
  key: "CHECKPOINTQR",
  title: "Checkpoint QR",
  description: "QR codes of the checkpoints of tours.",
  table: "asset",
  noun: "checkpoint",
  condition: "t.identifier = 'CHECKPOINT'",
  inUse: "t.enabled and t.running_status <> 'SCRAPPED'",
});

export const locationQr = qrSheet({
  key: "LOCATIONQR",
  title: "Location QR",
  description: "QR codes of locations.",
  table: "location",
  noun: "location",
  inUse: "t.enabled and t.status <> 'SCRAPPED'",
});

function qrSheet(kind: Kind): ReportDefinition {
  const { key, title, description } = kind;
  return defineReport<Params>({
    key,
    title,
    description,
    formats: ["pdf", "html"],
    params,
    period: "none",
    async document({ params: asked, scope, now }, reader) {
      const { choice, head } = await chosen(reader, scope, kind, asked);
      return {
        title,
        facts: [...head.facts, { label: "Size", value: `${MILLIMETRES[asked.size]} mm` }],
        clientName: head.clientName,
        timezone: head.timezone,
        generatedAt: new Date(now).toISOString(),
        sections: [{ kind: "codes", size: asked.size, rows: codes(reader, scope, kind, choice) }],
      };
    },
  });
}

interface Chosen {
  /** A condition on `t`, its values added to those of the statement. */
  readonly choice: (values: Values) => string;
  readonly head: { readonly facts: readonly Fact[]; readonly clientName: string; readonly timezone: string };
}

async function chosen(reader: ReportReader, scope: Scope, kind: Kind, asked: Params): Promise<Chosen> {
  const { ids } = asked;
  if (ids === undefined) {
    const sites = await chooseSites(reader, scope, asked.siteIds ?? "all");
    return {
      choice: (values) => `${oneOf("t.site_id", sites.ids, values)} and ${kind.inUse} and trim(t.code) <> ''`,
      head: {
        ...sites,
        facts: [siteFact(sites)],
      },
    };
  }
  const { table, condition } = kind;
  const rows = await chosenRows(reader, scope, { field: "ids", table, ids, ...(condition && { condition }) });
  const values = new Values();
  const coded = await reader.all<{ id: number }>(
    `select t.id from ${table} t where ${oneOf("t.id", ids, values)} and trim(t.code) <> ''`,
    values.list,
  );
  const found = new Set(coded.map((row) => row.id));
  const bare = ids.find((one) => !found.has(one));
  if (bare !== undefined) throw refused("ids", `${kind.noun} ${bare} has no code`);
  const [client] = await reader.all<{ name: string; timezone: string }>(
    "select name, timezone from site where id = $1::bigint",
    [rows[0]?.clientId ?? null],
  );
  return {
    choice: (others) => oneOf("t.id", ids, others),
    head: { facts: [], clientName: client?.name ?? "", timezone: client?.timezone ?? "UTC" },
  };
}

async function* codes(
  reader: ReportReader,
  scope: Scope,
  { table, condition = "true" }: Kind,
  choice: Chosen["choice"],
): AsyncGenerator<Row[]> {
  const values = new Values();
  const ids = `select t.id from ${table} t left join site s on s.id = t.site_id
    where ${choice(values)} and ${condition} and ${within(scope, "t.client_id", values)} order by s.name, t.code, t.id`;
  const rest = new BatchValues();
  const rows = `select t.code as payload, t.code, t.name
    from unnest($1::text::bigint[]) with ordinality as batch(id, place)
    join ${table} t on t.id = batch.id and ${within(scope, "t.client_id", rest)} order by batch.place`;
  yield* reader.batches<Row>({ text: ids, parameters: values.list }, { text: rows, parameters: rest.others });
}
