// A small facility to look at on a first start: sites in three zones, their people, a few tickets. Loaded once, into an
// empty embedded system only, and nobody gets mail for it.
import type { Database } from "../../database/index.ts";
import { insertTicket } from "./store.ts";
import type { Priority, TicketTables } from "./tables.ts";

const SITES = [
  { code: "BLR-01", name: "Bengaluru Campus", timezone: "Asia/Kolkata" },
  { code: "LON-02", name: "London Canary Wharf", timezone: "Europe/London" },
  { code: "NYC-03", name: "New York Data Centre", timezone: "America/New_York" },
] as const;

const PEOPLE = [
  ["Asha Rao", "Vikram Shetty"],
  ["Grace Whitfield", "Tom Okafor"],
  ["Maria Alvarez", "Dan Kowalski"],
] as const;

const TICKETS: readonly { site: number; text: string; priority: Priority }[] = [
  { site: 0, text: "Lift 2 in tower B stops between floors 4 and 5", priority: "HIGH" },
  { site: 0, text: "Water dispenser on floor 3 leaks", priority: "LOW" },
  { site: 1, text: "Fire door on the east stairs does not close", priority: "HIGH" },
  { site: 2, text: "Generator log sheet of the night shift is missing", priority: "MEDIUM" },
];

/** True when it was loaded just now. */
export async function loadDemoFacility(database: Database): Promise<boolean> {
  return database.transaction(async (tx) => {
    const tables = tx.kysely<TicketTables>();
    if (await tables.selectFrom("site").select("id").limit(1).executeTakeFirst()) return false;
    const siteIds: number[] = [];
    const guards: number[] = [];
    for (const [index, site] of SITES.entries()) {
      const { id } = await tables.insertInto("site").values(site).returning("id").executeTakeFirstOrThrow();
      siteIds.push(id);
      const people = (PEOPLE[index] ?? []).map((name) => ({ site_id: id, name, email: addressOf(name) }));
      const [first] = await tables.insertInto("person").values(people).returning("id").execute();
      if (first) guards.push(first.id);
    }
    // After the sites, so that the first site is number 1.
    const client = { code: "DEMO", name: "Demo Facilities Ltd", kind: "CLIENT" };
    const { id: clientId } = await tables.insertInto("site").values(client).returning("id").executeTakeFirstOrThrow();
    await tables.updateTable("site").set({ client_id: clientId }).execute();
    await tables.updateTable("person").set({ client_id: clientId }).execute();
    for (const { site, text, priority } of TICKETS) {
      await insertTicket(tx, {
        siteId: siteIds[site] ?? 0,
        description: text,
        priority,
        category: undefined,
        assignedToPersonId: guards[site],
        createdBy: "demo",
      });
    }
    return true;
  });
}

function addressOf(name: string): string {
  return `${name.toLowerCase().replaceAll(" ", ".")}@facility.example`;
}
