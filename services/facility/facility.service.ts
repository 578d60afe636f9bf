// The facility's master data over the broker: sites, people, groups, lookup values, shifts, locations, assets,
// checklists; and the changes of all tables for phones.
import { z } from "zod";
import { parseParams } from "../../runtime/index.ts";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import { auditChange } from "../change-audit.ts";
import { ctzoffset, id, page } from "../fields.ts";
import { type Asked, authorOf, scopeOf } from "../scope.ts";
import type { ServiceParts } from "../service-parts.ts";
import { listAssetLog, logStatusChange } from "./assets.ts";
import { addMember, listMembers, removeMember } from "./group-members.ts";
import * as kinds from "./kinds.ts";
import { questionSetActions } from "./question-set-actions.ts";
import type { RecordKind } from "./record.ts";
import { type RecordHooks, recordActions } from "./record-actions.ts";
import { createSite } from "./sites.ts";
import { changesSince } from "./sync.ts";
import { SYNC_NAMES } from "./sync-tables.ts";

const rowPage = z.strictObject({ id, ...page });
const newMember = z
  .strictObject({
    groupId: id,
    personId: id.optional(),
    siteId: id.optional(),
    isLead: z.boolean().default(false),
    ctzoffset: ctzoffset.optional(),
  })
  .transform(({ ctzoffset: _, ...member }) => member);
const sync = z.strictObject({
  table: z.enum(SYNC_NAMES),
  modifiedAfter: z.string().max(300).optional(),
  siteId: id.optional(),
  limit: z.coerce.number().int().min(1).max(2_000).default(500),
});
export function facilityService(parts: ServiceParts): TaskServiceSchema {
  const { database, runtime } = parts;
  const now = () => runtime.parts.clock.now();
  return {
    name: "facility",
    actions: {
      ...named("Site", "sites", parts, kinds.SITE, { create: (tx, ctx, given) => createSite(tx, scopeOf(ctx), given) }),
      ...named("Person", "people", parts, kinds.PERSON),
      ...named("Group", "groups", parts, kinds.GROUP),
      ...named("TypeAssist", "typeAssist", parts, kinds.TYPE_ASSIST),
      ...named("Shift", "shifts", parts, kinds.SHIFT),
      ...named("Location", "locations", parts, kinds.LOCATION),
      ...named("Asset", "assets", parts, kinds.ASSET, {
        beforeChange: (tx, ctx, asset, { runningStatus }) =>
          logStatusChange(tx, scopeOf(ctx), asset, runningStatus, authorOf(ctx), now()),
      }),
      ...named("Question", "questions", parts, kinds.QUESTION),
      ...named("QuestionSet", "questionSets", parts, kinds.QUESTION_SET),
      ...named("Vendor", "vendors", parts, kinds.VENDOR),
      ...named("Approver", "approvers", parts, kinds.APPROVER),
      ...questionSetActions(parts),
      assetLog(ctx: Asked) {
        const { id: asset, ...filter } = parseParams(rowPage, ctx.params);
        return listAssetLog(database, scopeOf(ctx), asset, filter);
      },
      groupMembers(ctx: Asked) {
        const { id: group, ...filter } = parseParams(rowPage, ctx.params);
        return listMembers(database, scopeOf(ctx), group, filter);
      },
      addGroupMember(ctx: Asked) {
        const given = parseParams(newMember, ctx.params);
        return database.transaction(async (tx) => {
          const member = await addMember(tx, scopeOf(ctx), given);
          const { id: memberId, groupId, personId, siteId, isLead } = member;
          await auditChange(tx, ctx, "group.add-member", groupId, { memberId, personId, siteId, isLead });
          return member;
        });
      },
      removeGroupMember(ctx: Asked) {
        const { groupId, id: memberId } = parseParams(z.strictObject({ groupId: id, id }), ctx.params);
        return database.transaction(async (tx) => {
          const { personId, siteId } = await removeMember(tx, scopeOf(ctx), groupId, memberId);
          await auditChange(tx, ctx, "group.remove-member", groupId, { memberId, personId, siteId });
          return { removed: true };
        });
      },
      /** Rows of a table that changed after the last answer's `modifiedAfter`, and those that are gone. */
      sync: (ctx: Asked) => changesSince(database, scopeOf(ctx), parseParams(sync, ctx.params)),
    },
  };
}

/** `sites`, `getSite`, `createSite`, `changeSite`, … */
function named(noun: string, plural: string, parts: ServiceParts, kind: RecordKind, hooks?: RecordHooks) {
  const { list, get, create, change } = recordActions(parts, kind, hooks);
  return { [plural]: list, [`get${noun}`]: get, [`create${noun}`]: create, [`change${noun}`]: change };
}
