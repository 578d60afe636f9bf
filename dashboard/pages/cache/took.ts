// Times of cache commands: most take less than a millisecond.
import { span } from "../../core/format.ts";

export function took(ms: number): string {
  return ms < 10 ? `${Number(ms.toPrecision(2))} ms` : span(ms);
}
