// Dead letters by error: what went wrong how often, and all of it handled at once.
import { whole } from "../../core/format.ts";
import { may } from "../../core/me.ts";
import { hrefWith } from "../../core/place.ts";
import { Button } from "../../parts/button.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import type { LetterGroup } from "./groups.ts";
import { dismissLetters, requeueLetters } from "./handle-letters.tsx";

export interface LetterGroupsProps {
  readonly groups: readonly LetterGroup[];
  readonly isHandled: boolean;
  readonly onChanged: () => Promise<void>;
}

export function LetterGroups({ groups, isHandled, onChanged }: LetterGroupsProps) {
  const columns: readonly Column<LetterGroup>[] = [
    { title: "Letters", kind: "number", cell: ({ ids }) => <strong class="letter-count">{whole(ids.length)}</strong> },
    { title: "Error", kind: "grow", cell: (group) => <ErrorCell group={group} /> },
    { title: "First", kind: "shrink", wide: true, cell: ({ first }) => <When at={first} /> },
    { title: "Last", kind: "shrink", wide: true, cell: ({ last }) => <When at={last} /> },
  ];
  const actions: Column<LetterGroup> = {
    title: "",
    kind: "shrink",
    cell: (group) => <GroupActions group={group} onChanged={onChanged} />,
  };
  return (
    <Table
      label="Dead letters by error"
      columns={isHandled || !may("operator") ? columns : [...columns, actions]}
      rows={groups}
      keyOf={({ key }) => key}
      hrefOf={({ name, code, like }) => hrefWith({ view: "list", name: name ?? undefined, code, like })}
      empty="No dead letters"
    />
  );
}

function ErrorCell({ group: { name, code, message, last } }: { group: LetterGroup }) {
  return (
    <div class="letter-error">
      <span class="bad-text" title={message}>
        {message}
      </span>
      <span class="sub">
        <b>{name ?? "bytes that were no task"}</b>
        {code === undefined ? null : <code>{code}</code>}
      </span>
      <span class="sub narrow-only">
        <When at={last} />
      </span>
    </div>
  );
}

interface GroupActionsProps {
  readonly group: LetterGroup;
  readonly onChanged: () => Promise<void>;
}

function GroupActions({ group: { ids, name, message }, onChanged }: GroupActionsProps) {
  const after = async (isDone: boolean) => {
    if (isDone) await onChanged();
  };
  return (
    <span class="actions">
      {name === null ? null : (
        <Button
          small
          needs="operator"
          icon="retry"
          label={`Run again: ${message}`}
          onClick={async () => after(await requeueLetters({ ids }))}
        >
          <span class="wide-only">Run again</span>
        </Button>
      )}
      <span class="wide-only">
        <Button small tone="quiet" needs="operator" onClick={async () => after(await dismissLetters({ ids }))}>
          Dismiss
        </Button>
      </span>
    </span>
  );
}
