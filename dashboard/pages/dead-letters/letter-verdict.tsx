// Whether a dead letter still waits for somebody, and what became of it.
import { send } from "../../core/api.ts";
import { moment, span } from "../../core/format.ts";
import { now } from "../../core/now.ts";
import type { DeadLetter, Task } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { StateBadge } from "../../parts/badge.tsx";
import { Banner } from "../../parts/banner.tsx";
import { Button } from "../../parts/button.tsx";
import { say } from "../../parts/toast.tsx";

export interface LetterVerdictProps {
  readonly letter: DeadLetter;
  readonly onChanged: () => Promise<void>;
}

export function LetterVerdict({ letter, onChanged }: LetterVerdictProps) {
  const { id, name, handledAt, handledBy, requeuedAs, createdAt } = letter;
  const again = useQuery<Task>(requeuedAs === null ? undefined : `/tasks/${requeuedAs}`, { everyMs: 5_000 });
  const by = handledBy === null ? "" : ` by ${handledBy}`;
  if (handledAt === null) {
    const dismiss = async () => {
      await send("POST", `/dead-letters/${id}/dismiss`);
      say("Dismissed: it counts as handled");
      await onChanged();
    };
    const requeue = async () => {
      const { id: taskId } = await send<{ id: string }>("POST", `/dead-letters/${id}/requeue`, {});
      say("Accepted again", `/tasks/${taskId}`);
      await onChanged();
    };
    return (
      <Banner
        tone="bad"
        icon="letters"
        title={`Has waited for somebody for ${span(now.value - Date.parse(createdAt))}`}
      >
        <p class="verdict-more">
          <span>It failed for good, and nothing more happens by itself.</span>
        </p>
        <span class="actions banner-actions">
          {name === null ? null : (
            <Button needs="operator" tone="main" icon="retry" onClick={requeue}>
              Run again as it was
            </Button>
          )}
          <Button needs="operator" icon="check" onClick={dismiss}>
            Dismiss
          </Button>
        </span>
      </Banner>
    );
  }
  if (requeuedAs === null) return <Banner tone="calm" icon="check" title={`Dismissed${by}, ${moment(handledAt)}`} />;
  return (
    <Banner tone="good" icon="retry" title={`Run again${by}, ${moment(handledAt)}`}>
      <p class="verdict-more">
        <a href={`/tasks/${requeuedAs}`}>Open the new task</a>
        {again.data === undefined ? null : <StateBadge state={again.data.state} />}
      </p>
    </Banner>
  );
}
