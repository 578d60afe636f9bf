// What an endpoint of Flower's API is asked, and how it asks in turn.
export type Ask = <Answer>(action: string, params?: object) => Promise<Answer>;

export interface FlowerRequest {
  /** Of the address. */
  readonly id: string;
  /** Of the query and the body together. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly ask: Ask;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Items<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export type Given = FlowerRequest["given"];
