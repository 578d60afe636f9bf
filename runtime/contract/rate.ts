// Rate limits in Celery's notation: 10/s, 10/m, 10/h, and 10/d. Unlike Celery's they hold for the whole cluster.
import { ApiumError } from "./errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const NOTATION = /^(\d+(?:\.\d+)?)\/([smhd])$/;

export interface Rate {
  /** Milliseconds between two starts. */
  readonly intervalMs: number;
}

/** @throws ApiumError `RATE_NOTATION` unless `text` is `<number > 0>/<s|m|h|d>`. */
export function parseRate(text: string): Rate {
  const parts = NOTATION.exec(text);
  const unitMs = UNIT_MS[parts?.[2] ?? ""];
  const count = Number(parts?.[1]);
  if (unitMs === undefined || !(count > 0)) {
    throw new ApiumError("RATE_NOTATION", `"${text}" is not a rate; write it like 10/s, 10/m, 10/h or 10/d`);
  }
  return { intervalMs: unitMs / count };
}
