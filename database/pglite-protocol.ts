// What the host and the PGlite thread say to each other.
import type { Parameter } from "./database.ts";

/** What the thread is started with. */
export interface ThreadData {
  /** A folder, or `memory://`. */
  readonly dataDir: string;
  readonly sharedBuffersMb: number;
}

export type ThreadRequest =
  | {
      readonly kind: "query";
      readonly id: number;
      readonly text: string;
      readonly parameters: readonly Parameter[];
      /** Let the planner look rows up by index only. */
      readonly hot: boolean;
    }
  | { readonly kind: "script"; readonly id: number; readonly text: string }
  | { readonly kind: "listen"; readonly id: number; readonly channel: string }
  | { readonly kind: "unlisten"; readonly id: number; readonly channel: string }
  | { readonly kind: "close"; readonly id: number };

export type ThreadReply =
  | { readonly kind: "ready" }
  | { readonly kind: "broken"; readonly message: string }
  | { readonly kind: "result"; readonly id: number; readonly rows: unknown[]; readonly affected: number }
  | {
      readonly kind: "error";
      readonly id: number;
      readonly message: string;
      readonly code: string | undefined;
      readonly detail: string | undefined;
      readonly constraint: string | undefined;
    }
  | { readonly kind: "notification"; readonly channel: string; readonly payload: string };
