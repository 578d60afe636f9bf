// One dead letter by its id; where the system cannot be asked for one, it is looked for in the list.
import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiError, address, get } from "../../core/api.ts";
import { offers } from "../../core/offers.ts";
import type { DeadLetter, Items } from "../../core/shapes.ts";
import { type Query, useQuery } from "../../core/use-query.ts";

const PAGE_ROWS = 500;
const MOST_PAGES = 10;

export function useLetter(id: string): Query<DeadLetter> {
  const isOffered = offers("GET /dead-letters/:id");
  const asked = useQuery<DeadLetter>(isOffered === true ? `/dead-letters/${id}` : undefined);
  const found = useListed(isOffered === false ? id : undefined);
  return isOffered === true ? asked : found;
}

function useListed(id: string | undefined): Query<DeadLetter> {
  const [state, setState] = useState<{ data?: DeadLetter; error?: ApiError }>({});
  const reload = useCallback(async () => {
    if (id === undefined) return;
    try {
      const data = (await find(id, false)) ?? (await find(id, true));
      setState(data === undefined ? { error: new ApiError(404, { code: "DEAD_LETTER_NOT_FOUND" }) } : { data });
    } catch (error) {
      setState({ error: error as ApiError });
    }
  }, [id]);
  useEffect(() => void reload(), [reload]);
  return { data: state.data, error: state.error, isLoading: false, reload };
}

async function find(id: string, handled: boolean): Promise<DeadLetter | undefined> {
  let cursor: string | null = "";
  for (let page = 0; page < MOST_PAGES && cursor !== null; page += 1) {
    const answer: Items<DeadLetter> = await get(
      address("/dead-letters", { handled, limit: PAGE_ROWS, cursor: cursor === "" ? undefined : cursor }),
    );
    const letter = answer.items.find((one) => one.id === id);
    if (letter !== undefined) return letter;
    cursor = answer.nextCursor;
  }
  return undefined;
}
