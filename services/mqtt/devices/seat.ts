// Who hears the devices: one process of a system, for as long as it renews its seat. The broker's session goes with the
// seat, by its name; whoever takes it next gets what the one before had not acknowledged. A process that was frozen loses
// its connection to the next one, since both have the same name.
import { randomUUID } from "node:crypto";
import type { Database } from "../../../database/index.ts";
import type { Foundation } from "../../../runtime/index.ts";

const SEAT_MS = 10_000;
const RENEW_EVERY_MS = SEAT_MS / 4;

export class Seat {
  readonly #database: Database;
  readonly #parts: Pick<Foundation, "clock">;
  readonly #owner = randomUUID();
  #isLeft = false;
  #cancel = () => {};

  constructor(database: Database, parts: Pick<Foundation, "clock">) {
    this.#database = database;
    this.#parts = parts;
  }

  /** Of whoever has the seat, at the broker. */
  async name(): Promise<string> {
    const { rows } = await this.#database.query<{ id: string }>("select id::text as id from mqtt_seat");
    return `apium-devices-${rows[0]?.id ?? ""}`;
  }

  /** Takes the seat or renews it. `false`: somebody else has it. */
  async take(): Promise<boolean> {
    if (this.#isLeft) return false;
    const { affected } = await this.#database.query(
      `update mqtt_seat set owner = $1::text::uuid, expires_at = clock_timestamp() + $2::float8 * interval '1 millisecond'
       where owner is null or owner = $1::text::uuid or expires_at < clock_timestamp()`,
      [this.#owner, SEAT_MS],
    );
    return affected === 1;
  }

  /** Renews it while `isUsed`; `onLost` is called when somebody else has it. */
  keep(isUsed: () => boolean, onLost: () => void): void {
    this.#cancel = this.#parts.clock.after(RENEW_EVERY_MS, () => {
      // A database that does not answer unseats nobody: the next one cannot ask either.
      const renewed = isUsed() ? this.take().catch(() => true) : Promise.resolve(true);
      void renewed.then((isOurs) => {
        if (this.#isLeft) return;
        if (!isOurs) onLost();
        this.keep(isUsed, onLost);
      });
    });
  }

  /** Somebody else may have it at once. */
  async leave(): Promise<void> {
    this.#isLeft = true;
    this.#cancel();
    await this.#database.query("update mqtt_seat set owner = null, expires_at = null where owner = $1::text::uuid", [
      this.#owner,
    ]);
  }
}
