// A table of things: columns say how a thing is shown. A row that leads somewhere has its first words as a link, for the keyboard,
// for those who hear the page and for a new tab; a click elsewhere on it leads there, too. On a phone the columns marked as
// `wide` are left out.
import type { ComponentChildren } from "preact";
import { go } from "../core/place.ts";
import { Empty } from "./card.tsx";

export interface Column<Row> {
  readonly title: ComponentChildren;
  readonly cell: (row: Row) => ComponentChildren;
  /** `number` is set to the right; `grow` takes the room there is; `shrink` as little as it needs. */
  readonly kind?: "number" | "grow" | "shrink";
  readonly wide?: boolean;
}

export interface TableProps<Row> {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  /** Where a row leads. */
  readonly hrefOf?: (row: Row) => string | undefined;
  /** Said instead of no rows. */
  readonly empty: string;
  readonly emptyHint?: ComponentChildren;
  readonly label: string;
}

export function Table<Row>({ columns, rows, keyOf, hrefOf, empty, emptyHint, label }: TableProps<Row>) {
  if (rows.length === 0) return <Empty title={empty}>{emptyHint}</Empty>;
  return (
    <div class="table-scroll">
      <table aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ title, kind, wide }, index) => (
              <th key={index} scope="col" class={classOf(kind, wide)}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <TableRow key={keyOf(row)} row={row} columns={columns} href={hrefOf?.(row)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps<Row> {
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly href: string | undefined;
}

function TableRow<Row>({ row, columns, href }: RowProps<Row>) {
  const open = (event: MouseEvent) => {
    // Whoever marks text in a row does not mean to leave.
    if (href !== undefined && !isOfControl(event.target) && getSelection()?.isCollapsed !== false) go(href);
  };
  const named = columns.findIndex(({ kind }) => kind !== "number");
  return (
    <tr {...(href === undefined ? {} : { class: "opens", onClick: open })}>
      {columns.map(({ cell, kind, wide }, index) => (
        <td key={index} class={classOf(kind, wide)}>
          {index === named && href !== undefined ? (
            <a class="row-link" href={href}>
              {cell(row)}
            </a>
          ) : (
            cell(row)
          )}
        </td>
      ))}
    </tr>
  );
}

/** A click on a button, a link or a box in a row is not a click on the row. */
export function isOfControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("a, button, input, select, label") !== null;
}

export function classOf(kind: Column<never>["kind"], wide: boolean | undefined): string {
  return [kind, wide ? "wide" : undefined].filter((name) => name !== undefined).join(" ");
}
