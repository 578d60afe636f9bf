/**
 * The dashboard's face of the parity table, generated from docs/parity: each row that names a place there is gone to with a
 * real browser. What is read is what REST answers; a change is done with clicks, under the role it needs, leaves the one
 * audit row that the table names, and is not offered to the role below.
 */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { at, isPlace, type Place, sees } from "../../docs/parity/place.ts";
import type { ParityRow } from "../../docs/parity/row.ts";
import { PARITY } from "../../docs/parity/table.ts";
import { eventually } from "../support/backends.ts";
import { describeInBrowser, type Visit } from "../support/browser.ts";
import { follow, isOffered, PATIENCE_MS, take } from "../support/dashboard-steps.ts";
import { auditSince, filled, lastAudit, overRest, thingsOf } from "../support/parity-faces.ts";
import { openParityStage, type ParityStage } from "../support/parity-stage.ts";
import { TOKENS } from "../support/small-gateway.ts";

type Role = keyof typeof TOKENS;
interface PlacedRow extends ParityRow {
  readonly dashboard: Place;
}

const BELOW = { operator: "viewer", admin: "operator" } as const;
/** Pages that viewers see nothing on. */
const READ_BY: Readonly<Record<string, Role>> = {
  "/cache": "operator",
  "/audit": "operator",
  "/settings?tab=tokens": "admin",
};
/** The lowest role that is offered all of it: what opens first is there for those who could change something in it. */
function readerOf({ at, steps: [begin] }: Place): Role {
  const [, role = "viewer"] = Object.entries(READ_BY).find(([page]) => at.startsWith(page)) ?? [];
  return role === "viewer" && begin !== undefined && "press" in begin ? "operator" : role;
}

const placed = PARITY.flatMap(({ rows }) => rows).filter((row): row is PlacedRow => isPlace(row.dashboard));
const named = (rows: readonly PlacedRow[]) => rows.map((row) => [row.there, row] as const);

describeInBrowser("the dashboard", (visit) => {
  let stage: ParityStage;
  const visits = {} as Record<Role, Visit>;
  let first: number;
  beforeAll(async () => {
    stage = await openParityStage();
    first = await lastAudit(stage);
    for (const role of ["viewer", "operator", "admin"] as const) {
      visits[role] = await visit({ url: stage.url, token: TOKENS[role] });
    }
  }, 400_000);
  afterAll(async () => {
    for (const { close } of Object.values(visits)) await close();
    await stage.close();
  }, 400_000);

  /** Goes to a row's page, and waits until it shows what it has. */
  async function go(role: Role, { at }: Place): Promise<void> {
    const { page } = visits[role];
    // Nothing is done as a viewer: the page is as good as new.
    if (role === "viewer") await follow(page, at);
    else await page.goto(at);
    await page.locator("main h1").waitFor();
    await eventually(async () => (await page.locator("main .skeleton").count()) === 0, PATIENCE_MS);
  }

  describe("shows what REST answers", () => {
    const reading = placed.filter(({ changes }) => changes === undefined);
    test.each(named(reading))(
      "%s",
      async (_there, row) => {
        await stage.settle();
        const things = await thingsOf(row, stage);
        const { rest, params = {}, dashboard } = filled(row, things);
        const role = readerOf(dashboard);
        const answer = async () =>
          rest === undefined ? {} : (await overRest(stage.url, rest, dashboard.asks ?? params, TOKENS[role])).body;
        await go(role, dashboard);
        for (const step of dashboard.steps) await take(visits[role].page, step, answer);
      },
      400_000,
    );
  });

  describe("changes with clicks, offers it to nobody who may not, and leaves one audit row", () => {
    const changing = placed.filter(({ changes }) => changes !== undefined);
    const expected: string[] = [];

    test.each(named(changing))(
      "%s",
      async (_there, row) => {
        const { role = "operator", audit = "", reset } = row.changes ?? {};
        await stage.settle();
        if (reset !== undefined) await stage.resets[reset]();
        const things = await thingsOf(row, stage);
        const { dashboard } = filled(row, things);
        const [begin] = dashboard.steps;
        await Promise.all([go(role, dashboard), go(BELOW[role], dashboard)]);
        if (begin === undefined) throw new Error("there is nothing to do");
        await eventually(() => isOffered(visits[role].page, begin), PATIENCE_MS);
        expect(await isOffered(visits[BELOW[role]].page, begin)).toBe(false);

        const before = await lastAudit(stage);
        for (const step of dashboard.steps) await take(visits[role].page, step, async () => ({}));
        const rows = await eventually(async () => {
          const left = await auditSince(stage, before);
          return left.length > 0 && left;
        }, PATIENCE_MS);
        expect(rows.map(({ action, role: by }) => ({ action, by }))).toEqual([{ action: audit, by: role }]);
        expected.push(audit);
      },
      400_000,
    );

    test("and has left no other", async () => {
      const rows = await auditSince(stage, first);
      const byPeople = rows.filter(({ actor }) => actor.startsWith("session:"));
      expect(byPeople.map(({ action }) => action)).toEqual(expected);
    });
  });

  test.each([
    ["/schedules?new=1", "Schedules"],
    ["/schedules/<schedule>?open=edit", "What became of its slots"],
    ["/schedules/<schedule>?open=backfill", "What became of its slots"],
    ["/tasks?enqueue=new", "Tasks"],
    ["/cache?open=clear", "for operators and above"],
    ["/settings?tab=types&type=parity.echo", "parity.echo"],
  ])(
    "opens nothing to write in for a viewer who follows a link to %s",
    async (link, shown) => {
      const [schedule = ""] = (await stage.things.schedule?.()) ?? [];
      const place = at(link.replace("<schedule>", schedule), sees(shown));
      await go("viewer", place);
      for (const step of place.steps) await take(visits.viewer.page, step, async () => ({}));
      expect(await visits.viewer.page.getByRole("dialog").count()).toBe(0);
    },
    400_000,
  );

  test("has heard no complaint of its pages meanwhile", () => {
    // The facility is not on this stage; a worker that was shut down is asked about once more; and what a schedule that is half
    // written means is refused, which is said at its fields.
    const isMeant = (complaint: string) =>
      /503 .*\/sites\?|404 .*\/workers\/|422 .*\/schedules\/preview/.test(complaint);
    const all = Object.values(visits).flatMap(({ complaints }) => complaints);
    expect(all.filter((complaint) => !isMeant(complaint))).toEqual([]);
  });
});
