// Who publishes the feed: one process per database, for as long as it renews its lease. Who dies is followed after 10 s.
// The lease alone could not stop a process that was frozen and wakes up behind its expiry: the publisher's name at the
// broker, the same for all, does. Whoever comes next with it ends the connection of the one before.
import type { Database } from "../../../database/index.ts";
import type { Clock } from "../../../runtime/index.ts";

export const LEASE_MS = 10_000;

export class FeedLease {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #owner: string;
  readonly #leaseMs: number;
  #untilMs = Number.NEGATIVE_INFINITY;

  /** `owner`: a uuid of this publisher. */
  constructor(database: Database, clock: Clock, owner: string, leaseMs = LEASE_MS) {
    this.#database = database;
    this.#clock = clock;
    this.#owner = owner;
    this.#leaseMs = leaseMs;
  }

  /** By this process's own clock; counted from before the database was asked, so never longer than there. */
  get isHeld(): boolean {
    return this.#clock.monotonic() < this.#untilMs;
  }

  /** Takes the lease, or renews it. `false`: somebody else has it, or nobody wants the feed. */
  async take(): Promise<boolean> {
    const askedMs = this.#clock.monotonic();
    const { affected } = await this.#database.query(
      `update mqtt_feed set owner = $1::text::uuid,
         expires_at = clock_timestamp() + $2::float8 * interval '1 millisecond'
       where wanted and (owner is null or owner = $1::text::uuid or expires_at < clock_timestamp())`,
      [this.#owner, this.#leaseMs],
    );
    this.#untilMs = affected === 1 ? askedMs + this.#leaseMs : Number.NEGATIVE_INFINITY;
    return affected === 1;
  }

  /** Somebody else may have it at once. */
  async release(): Promise<void> {
    this.#untilMs = Number.NEGATIVE_INFINITY;
    await this.#database.query("update mqtt_feed set owner = null, expires_at = null where owner = $1::text::uuid", [
      this.#owner,
    ]);
  }
}

/** The publisher's client id at the broker: one per database, whichever process publishes. */
export async function publisherName(database: Database): Promise<string> {
  const { rows } = await database.query<{ id: string }>("select id::text as id from mqtt_feed");
  return `apium-feed-${rows[0]?.id ?? ""}`;
}
