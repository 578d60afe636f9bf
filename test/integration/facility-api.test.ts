/** The facility over the broker: master data, jobs, occurrences, tickets, the escalation matrix. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { availableBackends } from "../support/backends.ts";
import { type Facility, openFacility } from "../support/facility.ts";
import { type FacilityServices, startFacility } from "../support/facility-services.ts";
import { SetClock } from "../support/sweeps.ts";

interface Row {
  readonly id: number;
  readonly [field: string]: unknown;
}
interface Rows {
  readonly items: Row[];
  readonly nextCursor: string | null;
}
interface Work extends Row {
  readonly status: string;
  readonly details: readonly {
    readonly id: number;
    readonly uuid: string;
    readonly answer: string;
    readonly hasAlert: boolean;
  }[];
  readonly checkpoints: readonly Row[];
}

/** For what would be otherwise where a slot passes between two calls. */
const NOW = "2026-01-05T03:35:00Z";
const refused = (field: string) => ({ code: "PARAMS_INVALID", fields: [{ field }] });

describe.each(availableBackends().filter((name) => name !== "jetstream"))("the facility's API on %s", (name) => {
  let facility: Facility;
  let services: FacilityServices;
  let siteId: number;
  let clock: SetClock;
  let n = 0;

  beforeAll(async () => {
    facility = await openFacility(name);
  }, 400_000);
  beforeEach(async () => {
    clock = new SetClock();
    services = await startFacility(facility.backend, clock);
    siteId = await facility.makeSite({ timezone: "Asia/Kolkata" });
  });
  afterEach(async () => {
    await facility.backend.reset();
    await services.stop();
  });
  afterAll(() => facility.backend.close());

  const call = <Result = Row>(action: string, params: object = {}): Promise<Result> => services.call(action, params);
  const code = () => `C-${++n}`;

  describe("master data", () => {
    test("a site belongs to the default client, which is made once, and lists do not show clients as sites", async () => {
      const make = () => call("facility.createSite", { code: code(), name: "A site", timezone: "Europe/Berlin" });
      const [one, two] = await Promise.all([make(), make()]);
      expect(one.clientId).toBe(two.clientId);
      expect(await call("facility.getSite", { id: one.clientId as number })).toMatchObject({ kind: "CLIENT" });
      const { items } = await call<Rows>("facility.sites", { limit: 500 });
      expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining([one.id, two.id]));
      expect(items.filter(({ kind }) => kind === "CLIENT")).toEqual([]);
      expect((await call<Rows>("facility.sites", { kind: "CLIENT" })).items.length).toBeGreaterThan(0);
    });

    test("a client is its own client; its sites have codes of their own", async () => {
      const client = (name: string) =>
        call("facility.createSite", { code: code(), name, timezone: "UTC", kind: "CLIENT" });
      const [a, b] = [await client("A"), await client("B")];
      expect(a.clientId).toBe(a.id);
      const site = { code: "HQ", name: "HQ", timezone: "UTC" };
      const first = await call("facility.createSite", { ...site, clientId: a.id });
      await call("facility.createSite", { ...site, clientId: b.id });
      await expect(call("facility.createSite", { ...site, clientId: a.id })).rejects.toMatchObject(refused("code"));
      await expect(call("facility.createSite", { ...site, clientId: first.id })).rejects.toMatchObject(
        refused("clientId"),
      );
    });

    test("ctzoffset is taken from phones, and answered as the site's clocks are", async () => {
      const asset = await call("facility.createAsset", { siteId, code: code(), name: "Pump", ctzoffset: -1 });
      expect(asset).toMatchObject({ ctzoffset: 330, runningStatus: "WORKING", siteId });
      const summer = await facility.makeSite({ timezone: "Europe/Berlin" });
      const id = await facility.makeAsset(summer);
      await facility.database.query("alter table asset disable trigger asset_touch");
      for (const [at, offset] of [
        ["2026-07-01T00:00:00Z", 120],
        ["2026-01-01T00:00:00Z", 60],
      ] as const) {
        await facility.database.query("update asset set updated_at = $2::timestamptz where id = $1", [id, at]);
        expect(await call("facility.getAsset", { id })).toMatchObject({
          ctzoffset: offset,
          updatedAt: new Date(at).toISOString(),
        });
      }
      await facility.database.query("alter table asset enable trigger asset_touch");
    });

    test("every kind is made, read, changed, found by its text, and says which field is wrong", async () => {
      const assist = await facility.typeAssist("DESIGNATION", "SITEINCHARGE");
      const kinds: [string, string, object, object][] = [
        [
          "Person",
          "people",
          { name: "Asha", siteId, code: code(), designationId: assist },
          { phone: "12", email: null },
        ],
        ["Group", "groups", { name: `Guards ${++n}`, siteId }, { enabled: false }],
        ["TypeAssist", "typeAssist", { category: "ASSETTYPE", code: code(), name: "Pump" }, { name: "Pumps" }],
        ["Shift", "shifts", { name: "Night", siteId, startsAt: "22:00", endsAt: "06:00" }, { isNight: true }],
        ["Location", "locations", { siteId, code: code(), name: "Roof" }, { status: "MAINTENANCE" }],
        ["Asset", "assets", { siteId, code: code(), name: "Pump" }, { details: { maker: "X" } }],
        ["Question", "questions", { name: `Is it dry? ${++n}` }, { options: "yes,no" }],
        ["QuestionSet", "questionSets", { name: `Dryness ${++n}` }, { enabled: false }],
      ];
      for (const [noun, plural, given, change] of kinds) {
        const made = await call(`facility.create${noun}`, given);
        expect(made).toMatchObject({
          ...given,
          ...("startsAt" in given ? { startsAt: "22:00:00", endsAt: "06:00:00" } : {}),
        });
        const changed = await call(`facility.change${noun}`, { id: made.id, ...change });
        expect(changed).toMatchObject(change);
        expect(await call(`facility.get${noun}`, { id: made.id })).toEqual(changed);
        const { items } = await call<Rows>(`facility.${plural}`, {
          q: String((given as { name: string }).name),
          limit: 500,
        });
        expect(items.map(({ id }) => id)).toContain(made.id);
        await expect(call(`facility.create${noun}`, { ...given, colour: "red" })).rejects.toMatchObject(
          refused("colour"),
        );
        await expect(call(`facility.change${noun}`, { id: made.id, name: null })).rejects.toMatchObject(
          refused("name"),
        );
        await expect(call(`facility.get${noun}`, { id: 99_999_999 })).rejects.toMatchObject({ code: "NOT_FOUND" });
      }
    });

    test("wrong fields of a site and of a person are named", async () => {
      const site = { code: code(), name: "x", timezone: "UTC" };
      const wrong: [string, object, string][] = [
        ["createSite", { ...site, timezone: "Mars/Olympus" }, "timezone"],
        ["createSite", { ...site, timezone: "+05:30" }, "timezone"],
        ["createSite", { ...site, latitude: 91 }, "latitude"],
        ["createSite", { ...site, name: "a\0b" }, "name"],
        ["createSite", { ...site, parentId: 99_999_999 }, "parentId"],
        ["createPerson", { name: "x", siteId, email: "nobody" }, "email"],
        ["createPerson", { name: "x", siteId: 99_999_999 }, "siteId"],
        ["createPerson", { name: "x", siteId: true }, "siteId"],
        ["createPerson", { name: "x", siteId: "1e3" }, "siteId"],
        ["createPerson", { name: "x", siteId: 1.5 }, "siteId"],
        ["createPerson", { name: "x", siteId, designationId: 99_999_999 }, "designationId"],
        ["createShift", { name: "x", siteId, startsAt: "25:00", endsAt: "06:00" }, "startsAt"],
      ];
      for (const [action, params, field] of wrong) {
        await expect(call(`facility.${action}`, params)).rejects.toMatchObject(refused(field));
      }
    });

    test("a taken code is refused on a change too, and a change that changes nothing leaves the row as it was", async () => {
      const [a, b] = [code(), code()];
      await call("facility.createLocation", { siteId, code: a, name: "A" });
      const other = await call("facility.createLocation", { siteId, code: b, name: "B" });
      await expect(call("facility.changeLocation", { id: other.id, code: a })).rejects.toMatchObject(refused("code"));
      const same = await call("facility.changeLocation", { id: other.id, code: b, name: "B" });
      expect(same.updatedAt).toBe(other.updatedAt);
    });

    test("lists go page by page and lose nothing", async () => {
      for (let i = 0; i < 5; i += 1) await facility.makeAsset(siteId);
      const seen: number[] = [];
      let cursor: string | null = null;
      do {
        const page: Rows = await call("facility.assets", { siteId, limit: 2, ...(cursor === null ? {} : { cursor }) });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(seen.length).toBe(5);
      expect(new Set(seen).size).toBe(5);
    });

    test("a change of an asset's running status is logged once, with who did it", async () => {
      const personId = await facility.makePerson(siteId);
      const id = await facility.makeAsset(siteId);
      const change = (status: string) =>
        services.call(
          "facility.changeAsset",
          { id, runningStatus: status },
          { user: { name: "x", role: "admin", personId } },
        );
      await change("MAINTENANCE");
      await change("MAINTENANCE");
      await Promise.all([change("STANDBY"), change("STANDBY")]);
      const { items } = await call<Rows>("facility.assetLog", { id });
      expect(items.map(({ oldStatus, newStatus, personId: who }) => [oldStatus, newStatus, who])).toEqual([
        ["MAINTENANCE", "STANDBY", personId],
        ["WORKING", "MAINTENANCE", personId],
      ]);
    });

    test("groups of people have people, groups of sites have sites, and a member is there once", async () => {
      const personId = await facility.makePerson(siteId);
      const group = await call("facility.createGroup", { name: `G ${++n}`, siteId });
      const sites = await call("facility.createGroup", { name: `S ${++n}`, siteId, kind: "SITEGROUP" });
      const add = (params: object) => call("facility.addGroupMember", params);
      const member = await add({ groupId: group.id, personId });
      expect(await add({ groupId: group.id, personId, isLead: true })).toMatchObject({ id: member.id, isLead: true });
      await expect(add({ groupId: group.id, siteId })).rejects.toMatchObject(refused("personId"));
      await expect(add({ groupId: sites.id, personId, siteId })).rejects.toMatchObject(refused("personId"));
      await add({ groupId: sites.id, siteId });
      expect((await call<Rows>("facility.groupMembers", { id: sites.id })).items).toMatchObject([
        { siteId, personId: null },
      ]);
      await call("facility.removeGroupMember", { groupId: group.id, id: member.id });
      await expect(call("facility.removeGroupMember", { groupId: group.id, id: member.id })).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
    });

    test("a checklist has its questions in order; changing it keeps the lines that stay", async () => {
      const clientId = await facility.clientOf(siteId);
      const question = (name: string) =>
        call("facility.createQuestion", {
          name: `${name} ${++n}`,
          clientId,
          answerType: "NUMERIC",
          minValue: 1,
          maxValue: 9,
        });
      const [a, b, c] = [await question("A"), await question("B"), await question("C")];
      type Set = Row & { readonly members: readonly Row[] };
      const set = await call<Set>("facility.createQuestionSet", {
        name: `Set ${++n}`,
        siteId,
        members: [{ questionId: a.id }, { questionId: b.id, isMandatory: false, maxValue: 5 }],
      });
      expect(set.members).toMatchObject([
        { questionId: a.id, seqno: 1, isMandatory: true, answerType: "NUMERIC", minValue: 1, maxValue: 9 },
        { questionId: b.id, seqno: 2, isMandatory: false, minValue: 1, maxValue: 5 },
      ]);
      const changed = await call<Set>("facility.changeQuestionSet", {
        id: set.id,
        members: [{ questionId: c.id }, { questionId: a.id }],
      });
      expect(changed.members.map(({ questionId, seqno }) => [questionId, seqno])).toEqual([
        [c.id, 1],
        [a.id, 2],
      ]);
      expect(changed.members[1]?.id).toBe(set.members[0]?.id);
      const twice = { id: set.id, members: [{ questionId: a.id }, { questionId: a.id }] };
      await expect(call("facility.changeQuestionSet", twice)).rejects.toMatchObject(refused("members.1.questionId"));
      const unknown = { id: set.id, members: [{ questionId: 99_999_999 }] };
      await expect(call("facility.changeQuestionSet", unknown)).rejects.toMatchObject(refused("members.0.questionId"));
    });
  });

  describe("jobs", () => {
    const validity = { validFrom: "2020-01-01T00:00:00Z", validTo: "2100-01-01T00:00:00Z" };
    type Job = Row & {
      readonly version: number;
      readonly checkpoints: readonly Row[];
      readonly warnings: readonly Row[];
    };
    const newJob = (more: object = {}) => ({ siteId, name: `Job ${++n}`, cron: "0 8 * * *", ...validity, ...more });

    test("a job is defined, read and changed; its version grows only with what work is made from", async () => {
      const questionSetId = await facility.makeChecklist(siteId);
      const personId = await facility.makePerson(siteId);
      const job = await call<Job>(
        "jobs.create",
        newJob({
          questionSetId,
          personId,
          graceTime: 10,
          planDuration: 30,
          expiryTime: 15,
          notifyCategory: "AUTOCLOSENOTIFY",
          details: { note: "x" },
        }),
      );
      expect(job).toMatchObject({
        version: 1,
        identifier: "TASK",
        timezone: "Asia/Kolkata",
        notifyCategory: "AUTOCLOSENOTIFY",
        warnings: [],
        details: { note: "x" },
        validTo: "2100-01-01T00:00:00.000Z",
      });
      const change = (more: object) => call<Job>("jobs.change", { id: job.id, ...more });
      expect((await change({ description: "of the roof", details: { note: "y" }, enabled: false })).version).toBe(1);
      expect((await change({ graceTime: 10, cron: "0 8 * * *" })).version).toBe(1);
      expect((await change({ graceTime: 5, description: "again" })).version).toBe(2);
      expect((await change({ personId: null, enabled: true })).version).toBe(3);
      expect(await call<Job>("jobs.get", { id: job.id })).toMatchObject({ version: 3, graceTime: 5, personId: null });
    });

    test("two changes at once are both counted", async () => {
      const job = await call<Job>("jobs.create", newJob());
      await Promise.all([1, 2, 3, 4].map((graceTime) => call("jobs.change", { id: job.id, graceTime })));
      expect((await call<Job>("jobs.get", { id: job.id })).version).toBe(5);
    });

    test("a tour's version covers its checkpoints: added, changed, moved, taken out", async () => {
      const [a, b] = [await facility.makeAsset(siteId), await facility.makeAsset(siteId)];
      const tour = await call<Job>(
        "jobs.create",
        newJob({
          identifier: "INTERNALTOUR",
          checkpoints: [
            { assetId: a, name: "Gate" },
            { assetId: b, name: "Roof", expiryTime: 5 },
          ],
        }),
      );
      expect(tour.checkpoints).toMatchObject([
        { name: "Gate", seqno: 1, assetId: a, expiryTime: 0, siteId },
        { name: "Roof", seqno: 2, assetId: b, expiryTime: 5 },
      ]);
      const [gate, roof] = tour.checkpoints.map(({ id, seqno, expiryTime }) => ({ id, seqno, expiryTime }));
      const change = (checkpoints: object[]) => call<Job>("jobs.change", { id: tour.id, checkpoints });
      expect((await change([gate ?? {}, roof ?? {}])).version).toBe(1);
      expect((await change([{ ...gate, expiryTime: 3 }, roof ?? {}])).version).toBe(2);
      const moved = await change([{ id: roof?.id, expiryTime: 5 }, { id: gate?.id, expiryTime: 3 }, { name: "New" }]);
      expect(moved.version).toBe(3);
      expect(moved.checkpoints.map(({ name: called }) => called)).toEqual(["Roof", "Gate", "New"]);
      expect((await change([{ id: gate?.id, expiryTime: 3 }])).version).toBe(4);
      await expect(change([{ id: roof?.id }])).rejects.toMatchObject(refused("checkpoints.0.id"));
      await expect(change([{ assetId: 99_999_999 }])).rejects.toMatchObject(refused("checkpoints.0.assetId"));
    });

    test("wrong definitions are refused with their field named", async () => {
      const wrong: [object, string][] = [
        [{ cron: "* * * * *" }, "cron"],
        [{ cron: "0 25 * * *" }, "cron"],
        [{ cron: "0 8 29 2 *", validFrom: "2026-01-01T00:00:00Z", validTo: "2027-01-01T00:00:00Z" }, "cron"],
        [{ validTo: "2019-01-01T00:00:00Z" }, "validTo"],
        [{ graceTime: -1 }, "graceTime"],
        [{ planDuration: 1.5 }, "planDuration"],
        [{ assetId: 99_999_999 }, "assetId"],
        [{ notifyCategory: "SHOUT" }, "notifyCategory"],
        [{ siteId: 99_999_999 }, "siteId"],
        [{ tourFrequency: 21 }, "tourFrequency"],
      ];
      for (const [more, field] of wrong) {
        await expect(call("jobs.create", newJob(more))).rejects.toMatchObject(refused(field));
      }
      const job = newJob();
      await call("jobs.create", job);
      await expect(call("jobs.create", job)).rejects.toMatchObject(refused("name"));
    });

    test("the next occurrences are shown in UTC and on the site's clocks, also of a job that is not kept yet", async () => {
      clock.set(NOW);
      const job = await call<Job>("jobs.create", newJob({ graceTime: 10, planDuration: 30, expiryTime: 15 }));
      type Preview = {
        timezone: string;
        occurrences: { scheduledAt: string; local: { planAt: string; expiryAt: string } }[];
      };
      const next = await call<Preview>("jobs.next", { id: job.id, n: 3 });
      expect(next.timezone).toBe("Asia/Kolkata");
      expect(next.occurrences.length).toBe(3);
      for (const { scheduledAt, local } of next.occurrences) {
        expect(scheduledAt).toMatch(/T02:30:00\.000Z$/);
        expect(local.planAt).toMatch(/T07:50:00\+05:30$/);
        expect(local.expiryAt).toMatch(/T08:45:00\+05:30$/);
      }
      const preview = await call<Preview>("jobs.preview", {
        siteId,
        cron: "0 8 * * *",
        graceTime: 10,
        planDuration: 30,
        expiryTime: 15,
        n: 3,
      });
      expect(preview).toEqual(next);
      await expect(call("jobs.preview", { siteId, cron: "* * * * *" })).rejects.toMatchObject(refused("cron"));
    });

    test("run now makes the work that is due, once, and an edit makes the untouched future anew", async () => {
      clock.set(NOW);
      const questionSetId = await facility.makeChecklist(siteId, 4);
      const job = await call<Job>("jobs.create", newJob({ cron: "0 */4 * * *", questionSetId }));
      expect(await call("jobs.run", { id: job.id })).toMatchObject({ jobId: job.id, occurrences: 12, details: 48 });
      expect(await call("jobs.run", { id: job.id })).toMatchObject({ occurrences: 0 });
      const { items } = await call<Rows>("jobs.listJobneeds", { jobId: job.id });
      expect(items.length).toBe(12);
      expect(items.every(({ status }) => status === "ASSIGNED")).toBe(true);
      await call("jobs.startJobneed", { id: items[0]?.id });
      await call("jobs.change", { id: job.id, graceTime: 7 });
      expect(await call("jobs.run", { id: job.id })).toMatchObject({ occurrences: 11, withdrawn: 11 });
      expect(services.told.filter(({ event }) => event === "jobneed.created").length).toBe(2);
      expect((await call<Rows>("jobs.misses", { id: job.id })).items).toEqual([]);
    });

    test("lists narrow by site, kind, state and text", async () => {
      const job = await call<Job>("jobs.create", newJob({ identifier: "PPM", enabled: false }));
      const ids = async (filter: object) =>
        (await call<Rows>("jobs.list", { siteId, ...filter })).items.map(({ id }) => id);
      expect(await ids({ identifier: "PPM", enabled: "false", q: String(job.name) })).toEqual([job.id]);
      expect(await ids({ enabled: true })).toEqual([]);
    });
  });

  describe("occurrences", () => {
    async function workWithChecklist(more: object = {}): Promise<Work> {
      const questionSetId = await facility.makeChecklist(siteId, 2);
      return call<Work>("jobs.createJobneed", { siteId, name: "Look at it", questionSetId, ...more });
    }

    test("work is begun and completed with its answers; alerts come from the bounds", async () => {
      const personId = await facility.makePerson(siteId);
      const work = await workWithChecklist({ personId });
      expect(work).toMatchObject({ outcome: "created", status: "ASSIGNED", jobType: "ADHOC" });
      expect(work.details.length).toBe(2);
      await call("jobs.startJobneed", { id: work.id, startedAt: "2026-01-05T06:25:00Z" });
      const [first, second] = work.details;
      const done = await call<Work>("jobs.completeJobneed", {
        id: work.id,
        performedById: personId,
        endedAt: "2026-01-05T06:40:00Z",
        remarks: "wet",
        answers: [
          { detailId: first?.id, answer: "12" },
          { uuid: second?.uuid, answer: "101" },
        ],
      });
      expect(done).toMatchObject({
        status: "COMPLETED",
        hasAlerts: true,
        performedById: personId,
        startedAt: "2026-01-05T06:25:00.000Z",
        endedAt: "2026-01-05T06:40:00.000Z",
        remarks: "wet",
        details: [
          { answer: "12", hasAlert: false },
          { answer: "101", hasAlert: true },
        ],
      });
      const told = services.told.length;
      const again = await call<Work>("jobs.completeJobneed", {
        id: work.id,
        answers: [{ detailId: first?.id, answer: "0" }],
      });
      expect(again).toEqual(done);
      expect(services.told.length).toBe(told);
      await expect(call("jobs.startJobneed", { id: work.id })).rejects.toMatchObject(refused("status"));
    });

    test("mandatory answers must be there, unknown lines and words for numbers are refused, and nothing is kept then", async () => {
      const work = await workWithChecklist();
      const complete = (answers: object[]) => call("jobs.completeJobneed", { id: work.id, answers });
      const [first, second] = work.details.map(({ id }) => id);
      await expect(complete([{ detailId: first, answer: "1" }])).rejects.toMatchObject({
        ...refused("answers"),
        message: "must be answered: line 2",
      });
      await expect(complete([{ detailId: 99_999_999, answer: "1" }])).rejects.toMatchObject(
        refused("answers.0.detailId"),
      );
      await expect(complete([{ answer: "1" }])).rejects.toMatchObject(refused("answers.0.detailId"));
      const word = [
        { detailId: first, answer: "1" },
        { detailId: second, answer: "many" },
      ];
      await expect(complete(word)).rejects.toMatchObject(refused("answers.1.answer"));
      const kept = await call<Work>("jobs.getJobneed", { id: work.id });
      expect(kept).toMatchObject({ status: "ASSIGNED", details: [{ answer: null }, { answer: null }] });
    });

    async function tour(total: number, more: object = {}): Promise<{ id: number; checkpoints: number[] }> {
      const identifier = "INTERNALTOUR";
      const id = await facility.makeJobneed(siteId, { identifier, ...more });
      const checkpoints: number[] = [];
      for (let seqno = 0; seqno < total; seqno += 1) {
        checkpoints.push(await facility.makeJobneed(siteId, { identifier, parent_id: id, seqno }));
      }
      return { id, checkpoints };
    }
    const status = async (id: number) => (await call<Work>("jobs.getJobneed", { id })).status;
    const complete = (id: number) => call("jobs.completeJobneed", { id });

    test("a tour goes on with its checkpoints and is completed by the last", async () => {
      const { id, checkpoints } = await tour(3);
      await complete(checkpoints[1] ?? 0);
      expect(await status(id)).toBe("INPROGRESS");
      await Promise.all([complete(checkpoints[0] ?? 0), complete(checkpoints[2] ?? 0)]);
      expect(await status(id)).toBe("COMPLETED");
      expect((await call<Work>("jobs.getJobneed", { id })).checkpoints.length).toBe(3);
      expect((await call<Rows>("jobs.listJobneeds", { parentId: id })).items.length).toBe(3);
    });

    test("a tour ended early is partial, until the last checkpoint is uploaded", async () => {
      const { id, checkpoints } = await tour(2);
      await complete(checkpoints[0] ?? 0);
      await complete(id);
      expect(await status(id)).toBe("PARTIALLYCOMPLETED");
      await complete(checkpoints[1] ?? 0);
      expect(await status(id)).toBe("COMPLETED");
    });

    test("a late upload turns what the server closed into what was done", async () => {
      const closed = { status: "AUTOCLOSED", closed_by_server_at: "2026-01-01T00:00:00Z" };
      const task = await facility.makeJobneed(siteId, closed);
      await expect(call("jobs.startJobneed", { id: task })).rejects.toMatchObject(refused("status"));
      await complete(task);
      expect(await status(task)).toBe("COMPLETED");
      const { id, checkpoints } = await tour(2, closed);
      await complete(checkpoints[0] ?? 0);
      expect(await status(id)).toBe("PARTIALLYCOMPLETED");
      await complete(checkpoints[1] ?? 0);
      expect(await status(id)).toBe("COMPLETED");
    });

    test("a dynamic tour that is done begins its next round", async () => {
      const jobId = await facility.makeJob(siteId, { identifier: "INTERNALTOUR", is_dynamic: true, cron: null });
      for (const seqno of [1, 2])
        await facility.makeCheckpoint(jobId, seqno, { asset_id: await facility.makeAsset(siteId) });
      expect(await call("jobs.run", { id: jobId })).toMatchObject({ occurrences: 1, checkpoints: 2 });
      expect(await call("jobs.run", { id: jobId })).toMatchObject({ occurrences: 0 });
      const [round] = (await call<Rows>("jobs.listJobneeds", { jobId })).items;
      for (const { id } of (await call<Work>("jobs.getJobneed", { id: round?.id })).checkpoints) await complete(id);
      const rounds = (await call<Rows>("jobs.listJobneeds", { jobId })).items;
      expect(rounds.map((one) => [one.status, one.planAt])).toEqual([
        ["COMPLETED", null],
        ["ASSIGNED", null],
      ]);
    });

    test("ad-hoc work is there once for its uuid, and is the scheduled occurrence where one was meant", async () => {
      const uuid = "6f1c1d0c-8a55-4a5e-9d06-0d3a1d2f0001";
      const personId = await facility.makePerson(siteId);
      const assetId = await facility.makeAsset(siteId);
      const work = { siteId, name: "Leak", personId, assetId, uuid };
      const [a, b] = await Promise.all([call("jobs.createJobneed", work), call("jobs.createJobneed", work)]);
      expect(a.id).toBe(b.id);
      expect([a.outcome, b.outcome].sort()).toEqual(["created", "known"]);
      const scheduled = await facility.makeJobneed(siteId, {
        person_id: personId,
        asset_id: assetId,
        plan_at: "2026-01-05T06:00:00Z",
        expiry_at: "2026-01-05T07:00:00Z",
      });
      const found = { siteId, name: "Leak", personId, assetId, startedAt: "2026-01-05T06:30:00Z" };
      expect(await call("jobs.createJobneed", found)).toMatchObject({ id: scheduled, outcome: "reconciled" });
      const later = await call("jobs.createJobneed", { ...found, startedAt: "2026-01-05T07:30:00Z" });
      expect(later).toMatchObject({ outcome: "created" });
    });

    test("lists narrow by time and state", async () => {
      const plan = (at: string) => facility.makeJobneed(siteId, { plan_at: at });
      const [a, b, c] = [
        await plan("2026-03-01T00:00:00Z"),
        await plan("2026-03-02T00:00:00Z"),
        await plan("2026-03-03T00:00:00Z"),
      ];
      const ids = async (filter: object) =>
        (await call<Rows>("jobs.listJobneeds", { siteId, ...filter })).items.map(({ id }) => id);
      expect(await ids({ from: "2026-03-02T00:00:00Z", to: "2026-03-03T00:00:00Z" })).toEqual([b]);
      expect(await ids({ status: "ASSIGNED" })).toEqual([a, b, c]);
      expect(await ids({ status: "WORKING" })).toEqual([]);
      await call("jobs.startJobneed", { id: a });
      expect(await call("jobs.moveJobneed", { id: a, status: "WORKING" })).toMatchObject({ status: "WORKING" });
      expect(await ids({ status: "WORKING" })).toEqual([a]);
    });
  });

  describe("tickets", () => {
    const create = (more: object = {}) => call("tickets.create", { siteId, description: "Lift stops", ...more });
    const mails = () =>
      facility.all<{ params: { ticketId: number; event: string } }>(
        "select params from task where name = 'send_ticket_email' order by id",
      );

    test("a ticket walks through its states; each step has its history and its mail", async () => {
      const ticket = await create({ category: "GENERAL" });
      expect(ticket).toMatchObject({
        status: "NEW",
        category: "GENERAL",
        categoryId: await facility.typeAssist("TICKETCATEGORY", "GENERAL"),
      });
      const to = (status: string, more: object = {}) => call("tickets.transition", { id: ticket.id, status, ...more });
      expect(await to("OPEN")).toMatchObject({ status: "OPEN", emailTaskId: expect.any(String) });
      expect(await to("OPEN")).toMatchObject({ status: "OPEN", emailTaskId: null });
      await expect(to("CLOSED")).rejects.toMatchObject(refused("status"));
      await to("RESOLVED", { comments: "oiled" });
      await to("OPEN");
      await to("RESOLVED");
      expect(await to("CLOSED")).toMatchObject({ status: "CLOSED", comments: "oiled" });
      await expect(to("OPEN")).rejects.toMatchObject(refused("status"));
      const { items } = await call<Rows>("tickets.history", { id: ticket.id });
      expect(items.map(({ action, details }) => [action, (details as { status: string }).status])).toEqual([
        ["created", "NEW"],
        ["updated", "OPEN"],
        ["updated", "RESOLVED"],
        ["updated", "OPEN"],
        ["updated", "RESOLVED"],
        ["updated", "CLOSED"],
      ]);
      expect(items[2]).toMatchObject({
        previousState: { status: "OPEN", comments: null },
        details: { comments: "oiled" },
      });
      const own = (await mails())
        .filter(({ params }) => params.ticketId === ticket.id)
        .map(({ params }) => params.event);
      expect(own).toEqual(["created", ...Array.from({ length: 5 }, () => "updated")]);
    });

    test("a change is mailed when it says who has the ticket, and not when it mends a word", async () => {
      const ticket = await create();
      const personId = await facility.makePerson(siteId);
      const groupId = await facility.makeGroup(siteId);
      const change = (more: object) => call("tickets.change", { id: ticket.id, ...more });
      expect(await change({ description: "Lift 2 stops", priority: "HIGH" })).toMatchObject({ emailTaskId: null });
      expect(await change({ assignedToPersonId: personId })).toMatchObject({ emailTaskId: expect.any(String) });
      expect(await change({ assignedToPersonId: null, assignedToGroupId: groupId })).toMatchObject({
        assignedToPersonId: null,
        assignedToGroupId: groupId,
        emailTaskId: expect.any(String),
      });
      await expect(change({ assignedToPersonId: 99_999_999 })).rejects.toMatchObject(refused("assignedToPersonId"));
      await expect(change({ description: null })).rejects.toMatchObject(refused("description"));
      const commented = await call("tickets.comment", { id: ticket.id, comment: "who has the key?" });
      expect(commented).toMatchObject({ comments: "who has the key?" });
      const { items } = await call<Rows>("tickets.history", { id: ticket.id });
      expect(items.map(({ action }) => action)).toEqual(["created", "updated", "updated", "updated", "commented"]);
    });

    test("a ticket sent twice under one uuid is one ticket, with one mail", async () => {
      const uuid = "6f1c1d0c-8a55-4a5e-9d06-0d3a1d2f0002";
      const first = await create({ uuid });
      expect(await create({ uuid })).toMatchObject({ id: first.id, number: first.number, emailTaskId: null });
      expect((await mails()).filter(({ params }) => params.ticketId === first.id).length).toBe(1);
    });

    test("lists narrow by what tickets have", async () => {
      const personId = await facility.makePerson(siteId);
      const mine = await create({ assignedToPersonId: personId, priority: "HIGH", category: "something else" });
      await create();
      const ids = async (filter: object) =>
        (await call<Rows>("tickets.list", { siteId, ...filter })).items.map(({ id }) => id);
      expect(await ids({ assignedToPersonId: personId })).toEqual([mine.id]);
      expect(await ids({ priority: "HIGH", isEscalated: "false", q: "lift" })).toEqual([mine.id]);
      expect(await ids({ isEscalated: true })).toEqual([]);
      expect(mine).toMatchObject({ category: "something else", categoryId: null });
    });
  });

  describe("the escalation matrix", () => {
    test("has one row for each level at each place, and says so", async () => {
      const personId = await facility.makePerson(siteId);
      const row = {
        siteId,
        category: "GENERAL",
        level: 1,
        frequency: "MINUTE",
        frequencyValue: 30,
        assignedPersonId: personId,
      };
      const make = (more: object) => call("escalation.createMatrixRow", { ...row, ...more });
      const one = await make({ notify: ["boss@facility.example"] });
      expect(one).toMatchObject({ category: "GENERAL", level: 1, siteId, notify: ["boss@facility.example"] });
      await expect(make({})).rejects.toMatchObject({
        ...refused("level"),
        message: "there is a row for this level of the category, or job, at this place already",
      });
      const two = await make({ level: 2, frequency: "HOUR", frequencyValue: 2 });
      await expect(call("escalation.changeMatrixRow", { id: two.id, level: 1 })).rejects.toMatchObject(
        refused("level"),
      );
      expect(await call("escalation.changeMatrixRow", { id: two.id, notify: [], body: "hurry" })).toMatchObject({
        body: "hurry",
      });
      await expect(make({ level: 3, category: undefined })).rejects.toMatchObject(refused("category"));
      await expect(make({ level: 3, category: "NOSUCH" })).rejects.toMatchObject(refused("category"));
      await expect(make({ level: 3, notify: ["boss"] })).rejects.toMatchObject(refused("notify.0"));
      expect((await call<Rows>("escalation.matrix", { siteId })).items.map(({ level }) => level)).toEqual([1, 2]);
      expect(await call("escalation.removeMatrixRow", { id: one.id })).toEqual({ removed: true, disabled: false });
      expect((await call<Rows>("escalation.matrix", { siteId })).items.map(({ level }) => level)).toEqual([2]);
    });

    test("a job's rows make reminders; one that made some is disabled, not removed", async () => {
      const jobId = await facility.makeJob(siteId, { identifier: "PPM" });
      const row = await call("escalation.createMatrixRow", { jobId, level: 1, frequency: "DAY", frequencyValue: 1 });
      expect(row).toMatchObject({ clientId: await facility.clientOf(siteId), siteId: null, jobId });
      const jobneedId = await facility.makeJobneed(siteId, { job_id: jobId });
      await facility.database.query(
        `insert into reminder (client_id, site_id, job_id, jobneed_id, matrix_id, remind_at, plan_at)
         values ($1, $2, $3, $4, $5, now(), now())`,
        [await facility.clientOf(siteId), siteId, jobId, jobneedId, row.id],
      );
      expect((await call<Rows>("escalation.reminders", { jobId })).items).toMatchObject([
        { jobneedId, status: "PENDING" },
      ]);
      expect(await call("escalation.removeMatrixRow", { id: row.id })).toEqual({ removed: false, disabled: true });
    });
  });
});
