// A new schedule, empty or like another, as the address says.
import { go, hrefWith, query } from "../../../core/place.ts";
import type { Schedule } from "../../../core/shapes.ts";
import { useQuery } from "../../../core/use-query.ts";
import { pathOf } from "../schedule-actions.tsx";
import { Editor } from "./editor.tsx";

export function NewSchedule({ onDone }: { onDone: () => unknown }) {
  const name = query.value.get("like");
  const like = useQuery<Schedule>(name === null ? undefined : pathOf(name), { everyMs: 0 });
  // It begins with what the other says, or, where there is no such one, empty.
  if (like.isLoading) return null;
  const close = () => go(hrefWith({ new: undefined, like: undefined }));
  return <Editor like={like.data} onDone={onDone} onClose={close} />;
}
