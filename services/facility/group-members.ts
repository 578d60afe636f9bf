// Who is in a group of people, and which sites are in a group of sites. Leaving is told to phones by the table's trigger.
import type { Queryable, Transaction } from "../../database/index.ts";
import { requireReferences } from "../clients.ts";
import { notFound, type Page, pageOf, refused } from "../fields.ts";
import { type Scope, Values, within } from "../scope.ts";
import { GROUP } from "./kinds.ts";
import { findRecord } from "./record-store.ts";

export interface GroupMember {
  readonly id: number;
  readonly uuid: string;
  readonly groupId: number;
  readonly personId: number | null;
  readonly siteId: number | null;
  readonly isLead: boolean;
}

const COLUMNS = 'id, uuid, group_id as "groupId", person_id as "personId", site_id as "siteId", is_lead as "isLead"';

/** @throws ApiumError `NOT_FOUND`. */
export async function listMembers(
  store: Queryable,
  scope: Scope,
  groupId: number,
  { limit, cursor }: { readonly limit: number; readonly cursor?: number | undefined },
): Promise<Page<GroupMember>> {
  await findRecord(store, GROUP, scope, groupId);
  const { rows } = await store.query<GroupMember>(
    `select ${COLUMNS} from group_member where group_id = $1 and id > $2::bigint order by id limit $3`,
    [groupId, cursor ?? 0, limit + 1],
  );
  return pageOf(rows, limit);
}

export interface NewMember {
  readonly groupId: number;
  readonly personId?: number | undefined;
  readonly siteId?: number | undefined;
  readonly isLead: boolean;
}

/** Adding a member again changes nothing but who leads. @throws ApiumError `NOT_FOUND`, `PARAMS_INVALID`. */
export async function addMember(tx: Transaction, scope: Scope, member: NewMember): Promise<GroupMember> {
  const { groupId, personId, siteId, isLead } = member;
  const group = await findRecord(tx, GROUP, scope, groupId);
  const [wanted, other] =
    group.kind === "SITEGROUP" ? (["siteId", "personId"] as const) : (["personId", "siteId"] as const);
  if (member[wanted] === undefined) throw refused(wanted, `a ${group.kind} has members by ${wanted}`);
  if (member[other] !== undefined) throw refused(other, `a ${group.kind} has no members by ${other}`);
  await requireReferences(tx, group.clientId as number, [
    { field: "personId", table: "person", id: personId },
    { field: "siteId", table: "site", id: siteId },
  ]);
  const key = [groupId, personId ?? null, siteId ?? null];
  await tx.query(
    `insert into group_member (group_id, person_id, site_id, is_lead, client_id)
     values ($1::bigint, $2::bigint, $3::bigint, $4, $5::bigint)
     on conflict (group_id, person_id, site_id) do update set is_lead = excluded.is_lead
     where group_member.is_lead <> excluded.is_lead`,
    [...key, isLead, group.clientId as number],
  );
  const { rows } = await tx.query<GroupMember>(
    `select ${COLUMNS} from group_member where group_id = $1::bigint
       and person_id is not distinct from $2::bigint and site_id is not distinct from $3::bigint`,
    key,
  );
  return rows[0] as GroupMember;
}

/** Tells who, or which site, it was. @throws ApiumError `NOT_FOUND`. */
export async function removeMember(
  tx: Transaction,
  scope: Scope,
  groupId: number,
  memberId: number,
): Promise<Pick<GroupMember, "personId" | "siteId">> {
  const values = new Values();
  const { rows } = await tx.query<Pick<GroupMember, "personId" | "siteId">>(
    `delete from group_member where id = ${values.of(memberId)}::bigint and group_id = ${values.of(groupId)}::bigint
     and ${within(scope, "client_id", values)} returning person_id as "personId", site_id as "siteId"`,
    values.list,
  );
  if (rows[0] === undefined) throw notFound("member", memberId);
  return rows[0];
}
