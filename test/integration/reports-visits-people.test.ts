/** Reports of attendance, sheets of codes to scan, and the choice of sites. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { attendanceSummary } from "../../services/reports/catalogue/attendance-summary.ts";
import { assetQr, checkpointQr, locationQr, peopleQr } from "../../services/reports/catalogue/qr-sheets.ts";
import { chooseSites, siteFacts } from "../../services/reports/catalogue/site-choice.ts";
import type { ReportDefinition } from "../../services/reports/definition.ts";
import { openReader } from "../../services/reports/reader.ts";
import { availableBackends } from "../support/backends.ts";
import { type Columns, type Facility, openFacility } from "../support/facility.ts";
import { insertRow, readReport, titlesOf } from "../support/report-documents.ts";

const HOSTILE = `'; drop table site; -- <img src=x onerror=alert(1)> {"a":\\1}`;
/** Saturday and Sunday in London; the clocks go forward in between. */
const WEEKEND = { from: "2026-03-28T00:00:00Z", upto: "2026-03-29T23:00:00Z" };
const names = (field: string) => expect.objectContaining({ fields: [expect.objectContaining({ field })] });

describe.each(availableBackends().filter((name) => name !== "jetstream"))("on %s", (backend) => {
  let facility: Facility;
  let client: number;
  let site: number;
  let foreign: number;
  let person: number;

  beforeAll(async () => {
    facility = await openFacility(backend);
  }, 400_000);
  afterAll(() => facility.backend.close());
  beforeEach(async () => {
    client = await facility.makeClient({ name: "Client", timezone: "Europe/London" });
    site = await facility.makeSite({ client_id: client, name: "Canary Wharf", timezone: "Europe/London" });
    person = await facility.makePerson(site, { name: HOSTILE, code: `P-${client}` });
    foreign = await facility.makeSite({ name: "Elsewhere" });
  });

  const read = (report: ReportDefinition, params: object, now?: number) =>
    readReport(facility, report, params, { clientId: client, ...(now === undefined ? {} : { now }) });
  const make = async (table: string, columns: Columns, at = site) =>
    insertRow(facility, table, { client_id: await facility.clientOf(at), ...columns });

  describe("PEOPLEATTENDANCESUMMARY", () => {
    async function punch(columns: Columns, at = site, type = "SELF") {
      const type_id = await facility.typeAssist("PEOPLEEVENTTYPE", type);
      await make("attendance_event", { site_id: at, person_id: person, type_id, ...columns }, at);
    }

    test("has three rows for each person, night shifts on the day they began", async () => {
      const designation_id = await make("type_assist", { category: "DESIGNATION", code: "G", name: "Guard" });
      const guard = await facility.makePerson(site, {
        ...{
          name: "A. Guard",
          code: `G-${client}`,
          designation_id,
          details: JSON.stringify({ department: "Security" }),
        },
      });
      await punch({ person_id: guard, punched_in_at: "2026-03-28T22:00:00Z" }, site, "MARK");
      await punch({ person_id: guard, punched_out_at: "2026-03-29T05:00:00Z" }, site, "MARK");
      await punch({ punched_in_at: "2026-03-28T09:00:00Z", punched_out_at: "2026-03-28T12:00:00Z" });
      // The end of a shift of the day before, and the end of one that is of the period.
      await punch({ person_id: guard, punched_in_at: "2026-03-27T22:00:00Z" });
      await punch({ person_id: guard, punched_out_at: "2026-03-28T06:00:00Z" });
      await punch({ punched_in_at: "2026-03-29T22:00:00Z" });
      await punch({ punched_out_at: "2026-03-30T06:00:00Z" });
      // No attendance, another site, another client.
      await punch({ punched_in_at: "2026-03-28T06:00:00Z" }, site, "CONVEYANCE");
      const other = await facility.makeSite({ client_id: client, name: "Other", timezone: "Asia/Kolkata" });
      await punch({ punched_in_at: "2026-03-28T05:00:00Z" }, other);
      await punch({ person_id: await facility.makePerson(foreign), punched_in_at: "2026-03-28T05:00:00Z" }, foreign);

      const found = await read(attendanceSummary, { siteIds: [site], ...WEEKEND });
      const { rows } = found;
      expect(titlesOf(found)).toEqual([
        ...["Department", "Designation", "People Code", "People Name", "Values", "28 Mar Sat", "29 Mar Sun"],
        "Total Hr's",
      ]);
      const [saturday, sunday] = ["2026-03-28", "2026-03-29"] as const;
      const said = rows.map((row) => [row.name, row.value, row[saturday], row[sunday], row.total]);
      expect(said).toEqual([
        [HOSTILE, "IN", "09:00", "23:00", null],
        [HOSTILE, "OUT", "12:00", "07:00 +1", null],
        [HOSTILE, "Total Hr's", "03:00", "08:00", "11:00"],
        ["A. Guard", "IN", "22:00", null, null],
        ["A. Guard", "OUT", "06:00 +1", null, null],
        ["A. Guard", "Total Hr's", "07:00", null, "07:00"],
      ]);
      expect(rows[2]).toMatchObject({ [`${saturday}:tone`]: "bad", [`${sunday}:tone`]: "bad" });
      expect(rows[5]).toMatchObject({
        ...{ department: "Security", designation: "Guard", code: `G-${client}`, [`${saturday}:tone`]: "warning" },
      });
      expect(attendanceSummary.formats).toEqual(["pdf", "xlsx"]);
      const both = await read(attendanceSummary, { siteIds: [site, other], personIds: [person], ...WEEKEND });
      expect(titlesOf(both)).toHaveLength(9);
      expect(both.rows).toHaveLength(3);
    });

    test("is empty where nobody was there, and refuses what is another client's", async () => {
      await punch({ punched_in_at: WEEKEND.upto });
      await punch({ punched_in_at: "2026-03-27T20:00:00Z" });
      await punch({ punched_out_at: "2026-03-28T04:00:00Z" });
      expect((await read(attendanceSummary, { siteIds: "all", ...WEEKEND })).rows).toEqual([]);
      const stranger = [await facility.makePerson(foreign)];
      const asked = { siteIds: [site], personIds: stranger, ...WEEKEND };
      await expect(read(attendanceSummary, asked)).rejects.toEqual(names("personIds"));
      await expect(read(attendanceSummary, { siteIds: [foreign], ...WEEKEND })).rejects.toEqual(names("siteIds"));
    });

    test("has everybody of a large site once, a batch at a time", async () => {
      const type = await facility.typeAssist("PEOPLEEVENTTYPE", "SELF");
      await facility.database.query(
        `with made as (insert into person (client_id, site_id, name, code)
           select $1::bigint, $2::bigint, 'N' || lpad(n::text, 5, '0'), 'M' || n || '-' || $1::bigint
           from generate_series(1, 2300) n returning id)
         insert into attendance_event (client_id, site_id, person_id, type_id, punched_in_at, punched_out_at)
         select $1::bigint, $2::bigint, id, $3::bigint, '2026-03-28T09:00:00Z'::timestamptz + day * interval '1 day',
           '2026-03-28T17:30:00Z'::timestamptz + day * interval '1 day' from made, generate_series(0, 1) day`,
        [client, site, type],
      );
      const { rows, sections } = await read(attendanceSummary, { siteIds: [site], ...WEEKEND });
      expect(sections[0]?.batches).toEqual([3000, 3000, 900]);
      const totals = rows.filter(({ value }) => value === "Total Hr's");
      expect(totals.map(({ name }) => name)).toEqual(
        Array.from({ length: 2300 }, (_, index) => `N${String(index + 1).padStart(5, "0")}`),
      );
      expect(new Set(totals.map(({ total }) => total))).toEqual(new Set(["17:00"]));
    });
  });

  describe("the sites of a report", () => {
    const choose = (chosen: number[] | "all", clientId: number | undefined = client) =>
      chooseSites(openReader(facility.database), { clientId }, chosen);

    test("are those named, or all of the client, in the zone that they share, else the client's", async () => {
      const kolkata = { client_id: client, name: "Alipore", timezone: "Asia/Kolkata" };
      const alipore = await facility.makeSite(kolkata);
      expect(await choose([alipore])).toEqual({
        ...{ ids: [alipore], names: ["Alipore"], timezone: "Asia/Kolkata", clientName: "Client" },
      });
      const closed = await facility.makeSite({ ...kolkata, name: "Behala", enabled: false });
      expect(await choose([closed, alipore])).toMatchObject({ ids: [alipore, closed], timezone: "Asia/Kolkata" });
      const all = await choose("all");
      expect(all).toMatchObject({ names: ["Alipore", "Behala", "Canary Wharf"], timezone: "Europe/London" });
      expect([...all.ids].sort()).toEqual([alipore, closed, site, client].sort());
    });

    test("of several clients are for an operator only", async () => {
      await expect(choose([site, foreign])).rejects.toEqual(names("siteIds"));
      const both = chooseSites(openReader(facility.database), { clientId: undefined }, [site, foreign]);
      expect(await both).toMatchObject({ clientName: "Several clients", timezone: "UTC" });
    });

    test("have their first names told", () => {
      const sites = { names: ["A", "B", "C", "D", "E"], ids: [], timezone: "Europe/London", clientName: "" };
      const [march, april] = [new Date("2026-03-29T00:59:00Z"), new Date("2026-03-29T01:00:00Z")];
      const span = { from: march as Date, upto: april as Date };
      expect(siteFacts(sites, span)).toEqual([
        { label: "Sites", value: "A, B, C, D, E" },
        { label: "From", value: "29 Mar 2026, 00:59 (Europe/London)" },
        { label: "To", value: "29 Mar 2026, 02:00 (Europe/London)" },
      ]);
      expect(siteFacts({ ...sites, names: [...sites.names, "F"] }, span)[0]?.value).toBe("A, B, C, D, E and 1 more");
      expect(siteFacts({ ...sites, names: ["A"] }, span)[0]).toEqual({ label: "Site", value: "A" });
    });
  });

  describe("sheets of QR codes", () => {
    test("have what is in use at the sites, by code, and nothing else", async () => {
      await facility.makePerson(site, { name: "No code", code: null });
      await facility.makePerson(site, { name: "Gone", enabled: false });
      await facility.makePerson(foreign);
      await facility.makeAsset(site, { code: "B", name: "Second" });
      await facility.makeAsset(site, { code: "A", name: HOSTILE });
      await facility.makeAsset(site, { code: "C", running_status: "SCRAPPED" });
      await facility.makeAsset(site, { code: "D", enabled: false });
      await facility.makeAsset(site, { code: "E", name: "Gate", identifier: "CHECKPOINT" });
      await make("location", { site_id: site, code: "L", name: "Lobby" });
      await make("location", { site_id: foreign, code: "L", name: "Theirs" }, foreign);

      const rowsOf = async (report: ReportDefinition) => (await read(report, { siteIds: [site] })).rows;
      expect(await rowsOf(peopleQr)).toEqual([{ payload: `P-${client}`, code: `P-${client}`, name: HOSTILE }]);
      expect(await rowsOf(assetQr)).toEqual([
        { payload: "A", code: "A", name: HOSTILE },
        { payload: "B", code: "B", name: "Second" },
      ]);
      expect(await rowsOf(checkpointQr)).toEqual([{ payload: "E", code: "E", name: "Gate" }]);
      expect(await rowsOf(locationQr)).toEqual([{ payload: "L", code: "L", name: "Lobby" }]);
      const { sections, head } = await read(assetQr, { siteIds: "all", size: "L" });
      expect(sections).toMatchObject([{ kind: "codes", size: "L" }]);
      expect(head).toMatchObject({ clientName: "Client" });
      expect((await read(assetQr, { siteIds: "all" })).sections).toMatchObject([{ size: "M" }]);
      expect(assetQr.formats).toEqual(["pdf", "html"]);
    });

    test("have what was named, and refuse what is not there, has no code, or is of another kind", async () => {
      const asset = await facility.makeAsset(site, { code: "A", name: "Pump", enabled: false });
      const gate = await facility.makeAsset(site, { code: "E", identifier: "CHECKPOINT" });
      const { rows, head } = await read(assetQr, { ids: [asset] });
      expect(rows).toEqual([{ payload: "A", code: "A", name: "Pump" }]);
      expect(head).toMatchObject({ clientName: "Client", timezone: "Europe/London" });
      const bare = await facility.makePerson(site, { code: null });
      await expect(read(peopleQr, { ids: [person, bare] })).rejects.toEqual(names("ids"));
      await expect(read(assetQr, { ids: [gate] })).rejects.toEqual(names("ids"));
      await expect(read(assetQr, { ids: [await facility.makeAsset(foreign)] })).rejects.toEqual(names("ids"));
      await expect(read(assetQr, { ids: [asset], siteIds: [site] })).rejects.toEqual(names("ids"));
      await expect(read(assetQr, {})).rejects.toEqual(names("ids"));
      await expect(read(assetQr, { ids: [asset], size: "XL" })).rejects.toEqual(names("size"));
    });
  });
});
