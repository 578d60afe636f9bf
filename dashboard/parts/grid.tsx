// A list of any length: rows are asked for as one scrolls, only those in view are drawn, the header stays. Arrow keys move,
// Enter opens, Space selects, Escape lets the selection go. How wide its columns are, and what of them a phone shows, is
// said by the style of its class; all rows are of one height.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { go } from "../core/place.ts";
import { useRowsInView } from "../core/use-rows-in-view.ts";
import { isOfControl } from "./table.tsx";

export interface GridColumn<Row> {
  readonly title: ComponentChildren;
  readonly cell: (row: Row) => ComponentChildren;
  /** Of the header's cell and of the rows'. */
  readonly class: string;
}

export interface GridProps<Row> {
  readonly label: string;
  readonly class: string;
  readonly columns: readonly GridColumn<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly hrefOf: (row: Row) => string;
  /** For the box that selects the row. */
  readonly nameOf: (row: Row) => string;
  readonly rowClass?: (row: Row) => string;
  /** Without it nothing can be selected. */
  readonly selection?: Selection;
  /** The last rows are in view. */
  readonly onEnd?: () => void;
  /** Which rows are in view. */
  readonly onView?: (rows: readonly Row[]) => void;
  readonly startAt?: number;
}

export interface Selection {
  readonly keys: ReadonlySet<string>;
  readonly set: (keys: ReadonlySet<string>) => void;
}

const ROW_PX = 42;
const ROW_PHONE_PX = 66;
const COVERED_PX = { top: 90, foot: 70 };
const phone = matchMedia("(max-width: 640px)");
const ASK_AHEAD_ROWS = 30;

export function Grid<Row>(props: GridProps<Row>) {
  const { label, columns, rows, keyOf, hrefOf, selection, onEnd, onView } = props;
  const list = useRef<HTMLTableSectionElement>(null);
  const [at, setAt] = useState<string | undefined>(undefined);
  const anchor = useRef<string | undefined>(undefined);
  const rowPx = useMatch(phone) ? ROW_PHONE_PX : ROW_PX;
  const view = useRowsInView(list, { count: rows.length, rowPx, coveredPx: COVERED_PX, startAt: props.startAt ?? 0 });
  const isAtEnd = view.end >= rows.length - ASK_AHEAD_ROWS;
  useEffect(() => {
    if (isAtEnd) onEnd?.();
  }, [isAtEnd, rows.length, onEnd]);
  useEffect(() => onView?.(rows.slice(view.first, view.end)), [rows, view.first, view.end, onView]);

  const indexOf = (key: string | undefined) => (key === undefined ? -1 : rows.findIndex((row) => keyOf(row) === key));
  const moveTo = (index: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row === undefined) return;
    setAt(keyOf(row));
    view.scrollToRow(rows.indexOf(row));
  };
  const toggle = (key: string, isRange: boolean) => {
    if (selection === undefined) return;
    const next = new Set(selection.keys);
    const isOn = !next.has(key);
    const [from, to] = [isRange ? indexOf(anchor.current) : -1, indexOf(key)].sort((a, b) => a - b) as [number, number];
    for (const row of from === -1 ? [] : rows.slice(from, to + 1)) {
      if (isOn) next.add(keyOf(row));
      else next.delete(keyOf(row));
    }
    if (isOn) next.add(key);
    else next.delete(key);
    anchor.current = key;
    selection.set(next);
  };
  const press = (event: KeyboardEvent) => {
    if (event.altKey || (event.target instanceof Element && event.target.matches("thead *"))) return;
    const current = at === undefined ? view.top - 1 : indexOf(at);
    const pageRows = Math.max(1, Math.floor((innerHeight - COVERED_PX.top - COVERED_PX.foot) / rowPx));
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      PageDown: current + pageRows,
      PageUp: current - pageRows,
      Home: 0,
      End: rows.length - 1,
    };
    const to = moves[event.key];
    const row = rows[current];
    if (to !== undefined) moveTo(to);
    else if (event.key === "Enter" && row !== undefined && !isOfControl(event.target)) go(hrefOf(row));
    else if (event.key === " " && row !== undefined && !isOfControl(event.target)) toggle(keyOf(row), event.shiftKey);
    else if (event.key === "Escape" && selection !== undefined && selection.keys.size > 0) selection.set(new Set());
    else if (event.key === "a" && (event.ctrlKey || event.metaKey) && selection)
      selection.set(new Set(rows.map(keyOf)));
    else return;
    event.preventDefault();
  };
  useArrowsFromPage(list, () => moveTo(at === undefined ? view.top : indexOf(at)));

  const isAll = selection !== undefined && rows.length > 0 && selection.keys.size >= rows.length;
  return (
    <table
      class={`grid ${props.class}${selection === undefined ? "" : " selects"}`}
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table whose rows are moved through is a grid.
      role="grid"
      aria-label={label}
      aria-rowcount={-1}
      aria-multiselectable={selection !== undefined}
      aria-activedescendant={at === undefined ? undefined : `row-${at}`}
      tabIndex={0}
      onKeyDown={press}
    >
      <thead>
        <tr aria-rowindex={1}>
          {selection === undefined ? null : (
            <th class="grid-box" scope="col">
              <input
                type="checkbox"
                aria-label="Select all that are loaded"
                checked={isAll}
                ref={(box) => {
                  if (box !== null) box.indeterminate = !isAll && selection.keys.size > 0;
                }}
                onChange={() => selection.set(new Set(isAll ? [] : rows.map(keyOf)))}
              />
            </th>
          )}
          {columns.map(({ title, class: name }) => (
            <th key={name} class={name} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={list}>
        <Space px={view.before} />
        {rows.slice(view.first, view.end).map((row, index) => (
          <GridRow
            key={keyOf(row)}
            {...props}
            row={row}
            index={view.first + index}
            isAt={keyOf(row) === at}
            onToggle={toggle}
            onPoint={() => setAt(keyOf(row))}
          />
        ))}
        <Space px={view.after} />
      </tbody>
    </table>
  );
}

/** Instead of rows that are out of view. */
function Space({ px }: { px: number }) {
  return px === 0 ? null : <tr class="grid-space" style={{ height: `${px}px` }} />;
}

interface GridRowProps<Row> extends GridProps<Row> {
  readonly row: Row;
  readonly index: number;
  readonly isAt: boolean;
  readonly onToggle: (key: string, isRange: boolean) => void;
  readonly onPoint: () => void;
}

function GridRow<Row>(props: GridRowProps<Row>) {
  const { row, index, isAt, columns, keyOf, hrefOf, nameOf, rowClass, selection } = props;
  const key = keyOf(row);
  const isSelected = selection?.keys.has(key) === true;
  const open = (event: MouseEvent) => {
    props.onPoint();
    if (!isOfControl(event.target) && getSelection()?.isCollapsed !== false) go(hrefOf(row));
  };
  return (
    <tr
      id={`row-${key}`}
      aria-rowindex={index + 2}
      aria-selected={selection === undefined ? undefined : isSelected}
      class={`opens${isSelected ? " selected" : ""}${isAt ? " at" : ""} ${rowClass?.(row) ?? ""}`}
      onClick={open}
    >
      {selection === undefined ? null : (
        <td class="grid-box">
          <label>
            <input
              type="checkbox"
              tabIndex={-1}
              aria-label={`Select ${nameOf(row)}`}
              checked={isSelected}
              onClick={(event) => props.onToggle(key, event.shiftKey)}
            />
          </label>
        </td>
      )}
      {columns.map(({ cell, class: name }) => (
        <td key={name} class={name}>
          {cell(row)}
        </td>
      ))}
    </tr>
  );
}

/** An arrow key pressed where nothing has the focus goes to the list. */
function useArrowsFromPage(list: { readonly current: HTMLElement | null }, enter: () => void): void {
  const latest = useRef(enter);
  latest.current = enter;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { activeElement } = document;
      const isNowhere = activeElement === document.body || activeElement?.id === "content";
      if (!isNowhere || event.defaultPrevented) return;
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      list.current?.parentElement?.focus({ preventScroll: true });
      latest.current();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [list]);
}

function useMatch(media: MediaQueryList): boolean {
  const [matches, setMatches] = useState(media.matches);
  useEffect(() => {
    const change = () => setMatches(media.matches);
    media.addEventListener("change", change);
    return () => media.removeEventListener("change", change);
  }, [media]);
  return matches;
}
