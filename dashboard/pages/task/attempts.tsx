// What went wrong, an attempt at a time: the last one open, the earlier ones to be opened.
import { useState } from "preact/hooks";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Failure } from "../../parts/failure.tsx";
import { When } from "../../parts/when.tsx";
import { outcomeWord, type Run, type Story, toneOfRun } from "./story.ts";

const MOST_EARLIER = 3;

export function AttemptErrors({ story, isSuccess }: { story: Story; isSuccess: boolean }) {
  const [isWhole, setWhole] = useState(false);
  const failed = story.runs.filter(({ error }) => error !== null);
  const last = failed.at(-1);
  if (last === undefined || last.error === null) return null;
  const earlier = failed.slice(0, -1).reverse();
  const areAlike = earlier.length > 0 && earlier.every(({ error }) => error?.message === last.error?.message);
  return (
    <Card
      title={isSuccess ? "What went wrong before" : "Error"}
      actions={areAlike ? <span class="hint">the same {failed.length} times</span> : null}
    >
      {isSuccess ? <Folded run={last} /> : <Failure error={last.error} />}
      {earlier.slice(0, isWhole ? undefined : MOST_EARLIER).map((run) => (
        <Folded key={run.number} run={run} />
      ))}
      {isWhole || earlier.length <= MOST_EARLIER ? null : (
        <Button small tone="quiet" onClick={() => setWhole(true)}>
          {earlier.length - MOST_EARLIER} earlier attempts
        </Button>
      )}
    </Card>
  );
}

function Folded({ run }: { run: Run }) {
  if (run.error === null) return null;
  return (
    <details class="attempt">
      <summary>
        <Badge tone={toneOfRun(run)}>
          Attempt {run.number} {outcomeWord(run)}
        </Badge>
        <span class="attempt-words">{run.error.message}</span>
        <When at={new Date(run.until).toISOString()} />
      </summary>
      <Failure error={run.error} />
    </details>
  );
}
