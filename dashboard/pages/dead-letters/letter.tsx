// One dead letter: what failed and how, and what to do about it: run it again, as it was or with other parameters, or put it
// away.
import { offers } from "../../core/offers.ts";
import type { DeadLetter, Task } from "../../core/shapes.ts";
import { useQuery } from "../../core/use-query.ts";
import { Badge } from "../../parts/badge.tsx";
import { Card, Empty, Facts } from "../../parts/card.tsx";
import { CopyId } from "../../parts/copy-id.tsx";
import { Failure } from "../../parts/failure.tsx";
import { Json } from "../../parts/json.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { storyOf } from "../task/story.ts";
import { Timeline } from "../task/timeline.tsx";
import { besides, lastLettersHref } from "./last-letters.ts";
import { LetterParams } from "./letter-params.tsx";
import { LetterVerdict } from "./letter-verdict.tsx";
import { RawBytes } from "./raw-bytes.tsx";
import { useLetter } from "./use-letter.ts";

export function LetterPage({ id = "" }: Readonly<Record<string, string>>) {
  const query = useLetter(id);
  const letter = query.data;
  const back = { href: lastLettersHref(), label: "Dead letters" };
  if (query.error?.status === 404 && letter === undefined) {
    return (
      <Page title="Dead letter" back={back}>
        <Empty title="There is no such dead letter">
          <code>{id}</code> is not the id of a dead letter, or it was handled so long ago that it has been pruned.
        </Empty>
      </Page>
    );
  }
  const name = letter === undefined ? "Dead letter" : (letter.name ?? "Bytes that were no task");
  return (
    <Page
      title={name}
      heading={
        <>
          {name}
          {letter === undefined ? null : (
            <Badge tone={letter.handledAt === null ? "bad" : "calm"}>
              {letter.handledAt === null ? "Dead letter" : "Handled"}
            </Badge>
          )}
        </>
      }
      hint={<CopyId id={id} label="the dead letter's id" />}
      back={back}
      actions={<Neighbours id={id} />}
    >
      <Loaded query={query} lines={10}>
        {(loaded) => <Shown letter={loaded} onChanged={query.reload} />}
      </Loaded>
    </Page>
  );
}

function Neighbours({ id }: { id: string }) {
  const { before, after } = besides(id);
  if (before === undefined && after === undefined) return null;
  return (
    <nav class="actions" aria-label="Other dead letters">
      {before === undefined ? null : (
        <a class="button plain" href={`/dead-letters/${before}`}>
          ‹ Before
        </a>
      )}
      {after === undefined ? null : (
        <a class="button plain" href={`/dead-letters/${after}`}>
          Next ›
        </a>
      )}
    </nav>
  );
}

function Shown({ letter, onChanged }: { letter: DeadLetter; onChanged: () => Promise<void> }) {
  const task = useQuery<Task>(letter.taskId === null ? undefined : `/tasks/${letter.taskId}`, { everyMs: 0 });
  return (
    <>
      <LetterVerdict letter={letter} onChanged={onChanged} />
      <div class="task-page">
        <div class="task-main">
          <Card title="Error">
            <Failure error={letter.error} />
          </Card>
          {letter.name === null ? (
            <RawBytes raw={letter.raw ?? ""} />
          ) : (
            <LetterParams letter={letter} onChanged={onChanged} />
          )}
        </div>
        <div class="task-side">
          <Card title="Facts">
            <Facts
              of={[
                [
                  "Task",
                  letter.taskId === null ? undefined : (
                    <TaskLink id={letter.taskId} isThere={task.data !== undefined} />
                  ),
                ],
                ["Queue", <a href={`/queues/${letter.queue}`}>{letter.queue}</a>],
                ["Priority", letter.priority?.toString()],
                ["Died", <When at={letter.createdAt} />],
                ["Handled", letter.handledAt === null ? undefined : <When at={letter.handledAt} />],
                ["By", letter.handledBy ?? undefined],
                ["Run again as", letter.requeuedAs === null ? undefined : <TaskLink id={letter.requeuedAs} isThere />],
              ]}
            />
          </Card>
          {task.data === undefined ? null : (
            <Card title="Timeline" actions={<a href={`/tasks/${task.data.id}`}>{logsWords()}</a>}>
              <Timeline task={task.data} story={storyOf(task.data, 0)} />
            </Card>
          )}
          {letter.headers ? (
            <Card title="Headers">
              <Json value={letter.headers} label="the headers" />
            </Card>
          ) : null}
        </div>
      </div>
    </>
  );
}

function logsWords(): string {
  return offers("GET /tasks/:id/logs") === true ? "Open the task and its logs" : "Open the task";
}

function TaskLink({ id, isThere }: { id: string; isThere: boolean }) {
  const words = <code>…{id.slice(-12)}</code>;
  return isThere ? (
    <a href={`/tasks/${id}`} title={id}>
      {words}
    </a>
  ) : (
    <span title={`${id}: its history has been pruned`}>{words}</span>
  );
}
