// One task of a family with its children below it. Many children are summed up by their states; those that need a look
// come first, some at a time.
import { useState } from "preact/hooks";
import { span, whole } from "../../core/format.ts";
import { StateBadge, toneOf } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import type { TaskNode } from "./tree.ts";

const FEW = 8;
const MORE = 50;
/** What needs a look comes first. */
const ORDER = ["FAILURE", "RETRY", "STARTED", "REVOKED", "WAITING", "QUEUED", "SCHEDULED", "SUCCESS"];

export interface BranchProps {
  readonly node: TaskNode;
  /** The task whose page it is. */
  readonly own: string;
  /** From the root to it. */
  readonly way: ReadonlySet<string>;
}

export function Branch({ node, own, way }: BranchProps) {
  const { children } = node;
  const [isOpen, setOpen] = useState(way.has(node.id) || children.length <= FEW);
  return (
    <li>
      <div class={`family-task${node.id === own ? " own" : ""}`}>
        {children.length === 0 ? (
          <span class="family-leaf" />
        ) : (
          <Button
            small
            tone="quiet"
            icon={isOpen ? "down" : "right"}
            label={isOpen ? "Hide its children" : "Show its children"}
            onClick={() => setOpen(!isOpen)}
          />
        )}
        <StateBadge state={node.state} />
        <NodeName node={node} isOwn={node.id === own} />
        <span class="family-ran">{ran(node)}</span>
      </div>
      {children.length === 0 || !isOpen ? null : <Children node={node} own={own} way={way} />}
    </li>
  );
}

function NodeName({ node: { id, name, childIndex, retryOf, retriedAs }, isOwn }: { node: TaskNode; isOwn: boolean }) {
  const words = name === "" ? `…${id.slice(-12)}` : name;
  return (
    <span class="family-name">
      {isOwn ? <strong>{words}</strong> : <a href={`/tasks/${id}`}>{words}</a>}
      {childIndex === null ? null : <small>#{childIndex}</small>}
      {isOwn ? <small>this task</small> : null}
      {retryOf === null ? null : <small>again</small>}
      {retriedAs === null ? null : (
        <a class="small-link" href={`/tasks/${retriedAs}`}>
          run again
        </a>
      )}
    </span>
  );
}

function Children({ node: { children }, own, way }: BranchProps) {
  const [state, setState] = useState<string | undefined>(undefined);
  const [most, setMost] = useState(FEW);
  const isMany = children.length > FEW;
  const sorted = isMany ? [...children].sort((a, b) => rank(a, way) - rank(b, way)) : children;
  const fitting = state === undefined ? sorted : sorted.filter((child) => child.state === state);
  const left = fitting.length - most;
  return (
    <div class="family-children">
      {isMany ? <Sum nodes={children} chosen={state} onChoose={setState} /> : null}
      <ul>
        {fitting.slice(0, most).map((child) => (
          <Branch key={child.id} node={child} own={own} way={way} />
        ))}
      </ul>
      {left <= 0 ? null : (
        <Button small tone="quiet" onClick={() => setMost(most + MORE)}>
          {whole(Math.min(left, MORE))} more of {whole(left)}
        </Button>
      )}
    </div>
  );
}

function rank({ id, state }: TaskNode, way: ReadonlySet<string>): number {
  return way.has(id) ? -1 : ORDER.indexOf(state);
}

interface SumProps {
  readonly nodes: readonly TaskNode[];
  readonly chosen: string | undefined;
  readonly onChoose: (state: string | undefined) => void;
}

function Sum({ nodes, chosen, onChoose }: SumProps) {
  const counts = ORDER.map((state) => [state, nodes.filter((node) => node.state === state).length] as const).filter(
    ([, count]) => count > 0,
  );
  return (
    <>
      <div class="life-bar" aria-hidden="true">
        {counts.map(([state, count]) => (
          <i key={state} class={`run ${toneOf(state)}`} style={{ flexGrow: count }} />
        ))}
      </div>
      <div class="chips">
        {counts.map(([state, count]) => (
          <button
            key={state}
            type="button"
            class="chip"
            aria-pressed={chosen === state}
            onClick={() => onChoose(chosen === state ? undefined : state)}
          >
            <i class={`dot ${toneOf(state)}`} />
            {state.charAt(0) + state.slice(1).toLowerCase()} <b>{whole(count)}</b>
          </button>
        ))}
      </div>
    </>
  );
}

function ran({ startedAt, finishedAt }: TaskNode): string {
  if (startedAt === null || finishedAt === null) return "";
  return span(Date.parse(finishedAt) - Date.parse(startedAt));
}
