// How a change is shown. Who and what lead to all of theirs; what it was done to leads to its page.
import { moment } from "../../core/format.ts";
import { hrefWith } from "../../core/place.ts";
import type { AuditEntry } from "../../core/shapes-system.ts";
import { Breakable } from "../../parts/breakable.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Json } from "../../parts/json.tsx";
import type { Column } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import { sentenceOf } from "./sentence.ts";
import { targetPage } from "./target-page.ts";

export const COLUMNS: readonly Column<AuditEntry>[] = [
  {
    title: "When",
    kind: "shrink",
    cell: ({ at }) => (
      <>
        <When at={at} />
        <span class="sub audit-moment">{moment(at)}</span>
      </>
    ),
  },
  {
    title: "Who did what",
    cell: ({ actor, role, action }) => (
      <span class="audit-who">
        <a class="plain mono" href={hrefWith({ action })} title={`Only ${action}`}>
          {action}
        </a>
        <span class="sub">
          <a class="plain" href={hrefWith({ actor })} title={`Only what ${actor} did`}>
            {actor}
          </a>
          {actor.includes(role) ? "" : `, ${role}`}
        </span>
      </span>
    ),
  },
  { title: "To what", kind: "grow", cell: (entry) => <TargetCell entry={entry} /> },
];

function TargetCell({ entry }: { entry: AuditEntry }) {
  const { action, target, details } = entry;
  const page = targetPage(entry);
  return (
    <div class="audit-target">
      {target === null || target === "" ? null : (
        <span>
          {page === undefined ? (
            <Breakable name={target} />
          ) : (
            <a href={page}>
              <Breakable name={target} />
            </a>
          )}
          <a
            class="only"
            href={hrefWith({ target })}
            title={`Only what was done to ${target}`}
            aria-label={`Only ${target}`}
          >
            <Icon name="filter" size={13} />
          </a>
        </span>
      )}
      {isEmpty(details) ? null : (
        <details>
          <summary title="Show it as JSON">{sentenceOf(details, action) || "as JSON"}</summary>
          <Json value={details} label="the details" />
        </details>
      )}
    </div>
  );
}

function isEmpty(details: unknown): boolean {
  return details === null || (typeof details === "object" && Object.keys(details).length === 0);
}
