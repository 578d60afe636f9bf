// What a timing means, as one types: its next slots, or what is wrong with which field.
import { useEffect, useState } from "preact/hooks";
import { foresee } from "../../../core/api.ts";
import { type Draft, timingOf } from "./draft.ts";

const AFTER_TYPING_MS = 300;
const SHOWN = 5;

export interface Preview {
  /** ISO 8601; of what was typed last, or while that is asked for, of what was typed before. */
  readonly fires: readonly string[] | undefined;
  readonly error: unknown;
  readonly isAsking: boolean;
}

export function usePreview(draft: Draft): Preview {
  const [preview, setPreview] = useState<Preview>({ fires: undefined, error: undefined, isAsking: true });
  const { timezone, startAt, endAt } = draft;
  const body = JSON.stringify({
    ...timingOf(draft),
    ...{ timezone: timezone.trim(), n: SHOWN },
    ...(startAt === "" ? {} : { startAt }),
    ...(endAt === "" ? {} : { endAt }),
  });
  useEffect(() => {
    let isOld = false;
    setPreview((before) => ({ ...before, isAsking: true }));
    const ask = setTimeout(() => {
      foresee<{ fires: readonly string[] }>("/schedules/preview", JSON.parse(body) as object).then(
        ({ fires }) => isOld || setPreview({ fires, error: undefined, isAsking: false }),
        (error: unknown) => isOld || setPreview({ fires: undefined, error, isAsking: false }),
      );
    }, AFTER_TYPING_MS);
    return () => {
      isOld = true;
      clearTimeout(ask);
    };
  }, [body]);
  return preview;
}
