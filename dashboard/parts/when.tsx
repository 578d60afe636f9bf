// An instant as it stands to now, with the instant itself as its tip.
import { moment, relative } from "../core/format.ts";
import { now } from "../core/now.ts";

export function When({ at }: { at: string | null | undefined }) {
  if (at === null || at === undefined) return <span class="muted">–</span>;
  return (
    <time dateTime={at} title={`${moment(at)} (${at})`}>
      {relative(Date.parse(at), now.value)}
    </time>
  );
}
