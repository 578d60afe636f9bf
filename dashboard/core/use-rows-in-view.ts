// Of a long list of rows of one height only those in view are drawn; the page itself scrolls.
import { observeWindowOffset, observeWindowRect, Virtualizer, windowScroll } from "@tanstack/virtual-core";
import type { RefObject } from "preact";
import { useLayoutEffect, useReducer, useState } from "preact/hooks";

const OVERSCAN_ROWS = 12;

export interface RowsInView {
  /** The first row to draw, and the one after the last. */
  readonly first: number;
  readonly end: number;
  /** The first that is not covered. */
  readonly top: number;
  /** What the rows before and after would take, in pixels. */
  readonly before: number;
  readonly after: number;
  readonly scrollToRow: (index: number) => void;
}

export interface RowsOptions {
  readonly count: number;
  readonly rowPx: number;
  /** What covers the window's top and foot: headers that stay. */
  readonly coveredPx: { readonly top: number; readonly foot: number };
  /** Where the window stood when one left, for the way back. */
  readonly startAt: number;
}

/** @param list - holds the rows and nothing before them. */
export function useRowsInView(list: RefObject<HTMLElement | null>, options: RowsOptions): RowsInView {
  const { count, rowPx, coveredPx, startAt } = options;
  const [, redraw] = useReducer((draws: number, _: undefined) => draws + 1, 0);
  const [margin, setMargin] = useState(0);
  const given = {
    count,
    getScrollElement: () => window,
    estimateSize: () => rowPx,
    scrollToFn: windowScroll<Window>,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    onChange: () => redraw(undefined),
    overscan: OVERSCAN_ROWS,
    scrollMargin: margin,
    scrollPaddingStart: coveredPx.top,
    scrollPaddingEnd: coveredPx.foot,
    initialOffset: startAt,
    initialRect: { width: innerWidth, height: innerHeight },
  };
  const [rows] = useState(() => new Virtualizer<Window, HTMLElement>(given));
  rows.setOptions(given);
  useLayoutEffect(() => rows._didMount(), [rows]);
  useLayoutEffect(() => rows.measure(), [rows, rowPx]);
  useLayoutEffect(() => {
    const top = (list.current?.getBoundingClientRect().top ?? 0) + scrollY;
    if (Math.abs(top - margin) >= 1) setMargin(top);
    rows._willUpdate();
  });
  useLayoutEffect(() => {
    if (startAt > 0) scrollTo(0, startAt);
  }, [startAt]);

  const drawn = rows.getVirtualItems();
  const first = drawn[0]?.index ?? 0;
  const end = (drawn.at(-1)?.index ?? -1) + 1;
  return {
    first,
    end,
    top: Math.max(0, Math.ceil((scrollY + coveredPx.top - margin) / rowPx)),
    before: first * rowPx,
    after: Math.max(0, count - end) * rowPx,
    scrollToRow: (index) => rows.scrollToIndex(index, { align: "auto" }),
  };
}
