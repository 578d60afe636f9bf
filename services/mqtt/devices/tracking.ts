// Where devices are: points, gathered for up to a second into one statement, and acknowledged when they are stored. A point
// that comes again is there already; one that the database refuses is refused alone.
import { z } from "zod";
import { type Database, detached, isTransient } from "../../../database/index.ts";
import { type Foundation, instantSchema, parseParams } from "../../../runtime/index.ts";
import type { PhoneUser } from "./phone-user.ts";

const MOST_IN_A_STATEMENT = 100;
/**
 * So many are written at once; fewer wait for more. A broker hands out only so many messages before the first is acknowledged
 * (Mosquitto: `max_inflight_messages`, 20), so waiting for more than it gives would be waiting in vain.
 */
const ENOUGH = 16;
const LONGEST_WAIT_MS = 1_000;

const point = z.object({
  uuid: z.uuid(),
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  at: instantSchema,
  /** Uuid of the tour, or of the visit. */
  reference: z.uuid().nullish(),
  identifier: z.enum(["CONVEYANCE", "EXTERNALTOUR", "INTERNALTOUR", "SITEVISIT", "TRACKING"]).default("TRACKING"),
  transportMode: z
    .string()
    .max(50)
    .refine((value) => value.isWellFormed() && !value.includes("\0"), "must be Unicode text without NUL")
    .nullish(),
});

type Point = z.output<typeof point> & PhoneUser;

const INSERT = `insert into tracking (uuid, client_id, device_id, person_id, identifier, reference, transport_mode, latitude,
    longitude, at)
  select p.uuid, p."clientId", coalesce(p."deviceId", ''), p."personId", p.identifier, p.reference, p."transportMode",
    p.latitude, p.longitude, p.at
  from json_to_recordset($1::text::json) as p(uuid uuid, "clientId" bigint, "deviceId" text, "personId" bigint,
    identifier text, reference uuid, "transportMode" text, latitude float8, longitude float8, at timestamptz)
  on conflict (uuid) do nothing`;

interface Waiting {
  readonly point: Point;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class TrackingWriter {
  readonly #database: Database;
  readonly #parts: Pick<Foundation, "clock">;
  readonly counts = { points: 0, statements: 0 };
  #waiting: Waiting[] = [];
  #cancel: (() => void) | undefined;
  #flight: Promise<void> | undefined;

  constructor(database: Database, parts: Pick<Foundation, "clock">) {
    this.#database = database;
    this.#parts = parts;
  }

  /** Resolves when it is stored. @throws ApiumError `PARAMS_INVALID`; `STORE_UNAVAILABLE`: it is to be sent again. */
  add(message: Readonly<Record<string, unknown>>, { clientId, personId, deviceId, name }: PhoneUser): Promise<void> {
    const parsed = { ...parseParams(point, message), clientId, personId, deviceId, name };
    return new Promise((resolve, reject) => {
      this.#waiting.push({ point: parsed, resolve, reject });
      if (this.#waiting.length >= ENOUGH) this.#write();
      else this.#cancel ??= detached(() => this.#parts.clock.after(LONGEST_WAIT_MS, () => this.#write()));
    });
  }

  /** Resolves when what was added is stored, or refused. */
  async drained(): Promise<void> {
    while (this.#waiting.length > 0 || this.#flight !== undefined) {
      this.#write();
      await this.#flight;
    }
  }

  /** One statement at a time; what comes meanwhile goes with the next. */
  #write(): void {
    if (this.#flight !== undefined || this.#waiting.length === 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
    const batch = this.#waiting.splice(0, MOST_IN_A_STATEMENT);
    this.#flight = this.#store(batch).finally(() => {
      this.#flight = undefined;
      if (this.#waiting.length >= ENOUGH) this.#write();
      else if (this.#waiting.length > 0) this.#cancel ??= this.#parts.clock.after(LONGEST_WAIT_MS, () => this.#write());
    });
  }

  /** What is refused as a whole is tried one by one: nobody's point is lost by another's. */
  async #store(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#database.query(INSERT, [JSON.stringify(batch.map((each) => each.point))]);
    } catch (error) {
      if (batch.length > 1 && !isTransient(error)) {
        for (const each of batch) await this.#store([each]);
      } else for (const { reject } of batch) reject(error);
      return;
    }
    this.counts.statements += 1;
    this.counts.points += batch.length;
    for (const { resolve } of batch) resolve();
  }
}
