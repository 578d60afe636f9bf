// One schedule: when it fires, what it runs, what became of its slots, and why it did not fire.
import { may } from "../../core/me.ts";
import { offers } from "../../core/offers.ts";
import { go, hrefWith, query } from "../../core/place.ts";
import type { Schedule as ScheduleShape } from "../../core/shapes.ts";
import type { ScheduleExplanation, ScheduleHistory } from "../../core/shapes-system.ts";
import { useQuery } from "../../core/use-query.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page } from "../../parts/page.tsx";
import { Backfill } from "./backfill.tsx";
import { Editor } from "./editor/editor.tsx";
import { EnabledSwitch, pathOf, Remove, RunNow } from "./schedule-actions.tsx";
import { Definition } from "./schedule-definition.tsx";
import { History } from "./schedule-history.tsx";
import { NextFirings } from "./schedule-next.tsx";
import { Trouble } from "./schedule-trouble.tsx";
import { useFindings } from "./use-findings.ts";

const LIVE = ["schedule.fired", "schedule.missed"] as const;
const FIRST_HISTORY = 50;
const WHOLE_HISTORY = 500;

export function Schedule({ name = "" }: Readonly<Record<string, string>>) {
  const isWhole = query.value.get("history") === "whole";
  const limit = isWhole ? WHOLE_HISTORY : FIRST_HISTORY;
  const schedule = useQuery<ScheduleShape>(pathOf(name), { live: LIVE });
  const history = useQuery<ScheduleHistory>(`${pathOf(name)}/history?limit=${limit}`, { live: [...LIVE, "tasks"] });
  const found = useFindings();
  const isExplained = offers("GET /schedules/:name/explain") === true;
  const explained = useQuery<ScheduleExplanation>(isExplained ? `${pathOf(name)}/explain` : undefined, { live: LIVE });
  const open = may("operator") ? query.value.get("open") : null;
  const close = () => go(hrefWith({ open: undefined }));
  const reload = async () => {
    await Promise.all([schedule.reload(), history.reload(), found.reload(), explained.reload()]);
  };
  const own = schedule.data;
  return (
    <Page
      title={name}
      heading={
        <>
          {name}
          {own === undefined ? null : <EnabledSwitch schedule={own} onDone={reload} />}
          {own?.origin === "code" ? (
            <Badge title="A service of this system defines it. It can be switched off and changed, not deleted.">
              Defined in code
            </Badge>
          ) : null}
        </>
      }
      hint={own?.description || undefined}
      back={{ href: "/schedules", label: "Schedules" }}
      actions={
        own === undefined ? null : (
          <>
            <RunNow schedule={own} onDone={reload} />
            <Button icon="retry" needs="operator" onClick={() => go(hrefWith({ open: "backfill" }))}>
              Backfill
            </Button>
            <Button icon="edit" needs="operator" onClick={() => go(hrefWith({ open: "edit" }))}>
              Edit
            </Button>
            <Button
              icon="copy"
              needs="operator"
              label="Copy to a new schedule"
              onClick={() => go(`/schedules?new=1&like=${encodeURIComponent(name)}`)}
            />
            <Remove schedule={own} />
          </>
        )
      }
    >
      <Loaded query={schedule} lines={6}>
        {(data) => (
          <>
            <Trouble
              schedule={data}
              findings={found.data?.findings ?? []}
              explained={explained.data}
              failure={explained.error}
            />
            <div class="columns">
              <Definition schedule={data} />
              <NextFirings key={data.version} schedule={data} />
            </div>
            {open === "edit" ? <Editor edited={data} onDone={reload} onClose={close} /> : null}
            {open === "backfill" ? <Backfill schedule={data} onDone={reload} onClose={close} /> : null}
          </>
        )}
      </Loaded>
      <Card title="What became of its slots" flush>
        <Loaded query={history}>
          {(data) => (
            <>
              <History history={data} />
              {!isWhole && (data.runs.length === FIRST_HISTORY || data.misses.length === FIRST_HISTORY) ? (
                <div class="more">
                  <Button small onClick={() => go(hrefWith({ history: "whole" }), { replace: true })}>
                    Show the latest {WHOLE_HISTORY}
                  </Button>
                </div>
              ) : null}
            </>
          )}
        </Loaded>
      </Card>
    </Page>
  );
}
