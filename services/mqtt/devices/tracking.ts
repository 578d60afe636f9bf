// Where devices are: points, gathered into one statement while the one before is under way, and acknowledged when they
// are stored. A point that comes again is there already.
import { z } from "zod";
import { BatchWriter, type Database } from "../../../database/index.ts";
import { type Foundation, instantSchema, parseParams } from "../../../runtime/index.ts";
import type { PhoneUser } from "./devices.ts";

const MOST_IN_A_STATEMENT = 100;

const point = z.object({
  uuid: z.uuid(),
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  at: instantSchema,
  /** Uuid of the tour, or of the visit. */
  reference: z.uuid().nullish(),
  identifier: z.enum(["CONVEYANCE", "EXTERNALTOUR", "INTERNALTOUR", "SITEVISIT", "TRACKING"]).default("TRACKING"),
  transportMode: z.string().max(50).nullish(),
});

type Point = z.output<typeof point> & PhoneUser;

const INSERT = `insert into tracking (uuid, client_id, device_id, person_id, identifier, reference, transport_mode, latitude,
    longitude, at)
  select p.uuid, p."clientId", coalesce(p."deviceId", ''), p."personId", p.identifier, p.reference, p."transportMode",
    p.latitude, p.longitude, p.at
  from json_to_recordset($1::text::json) as p(uuid uuid, "clientId" bigint, "deviceId" text, "personId" bigint,
    identifier text, reference uuid, "transportMode" text, latitude float8, longitude float8, at timestamptz)
  on conflict (uuid) do nothing`;

export class TrackingWriter {
  readonly #writer: BatchWriter<Point, void>;
  readonly counts = { points: 0, statements: 0 };

  constructor(database: Database, parts: Foundation) {
    this.#writer = new BatchWriter<Point, void>(
      parts,
      { most: MOST_IN_A_STATEMENT, patient: false },
      async (points) => {
        await database.query(INSERT, [JSON.stringify(points)]);
        this.counts.statements += 1;
        this.counts.points += points.length;
        return points.map(() => undefined);
      },
    );
  }

  /** Resolves when it is stored. @throws ApiumError `PARAMS_INVALID`; `STORE_UNAVAILABLE`: it is to be sent again. */
  async add(message: Readonly<Record<string, unknown>>, user: PhoneUser): Promise<void> {
    const { clientId, personId, deviceId, name } = user;
    await this.#writer.add({ ...parseParams(point, message), clientId, personId, deviceId, name });
  }

  drained(): Promise<void> {
    return this.#writer.drained();
  }
}
