// Streams of sheets hold no drawings: the charts' figures go to a sheet of their own, ready to be charted.
import type { Chart, Column, Row } from "../../document.ts";

const MOST = 100;

export interface Figures {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

export class ChartFigures {
  readonly #found: Figures[] = [];

  get all(): readonly Figures[] {
    return this.#found;
  }

  add({ title, unit, categories, series }: Chart): void {
    if (this.#found.length >= MOST) return;
    const named = series.map(({ name }, index): Column => ({ key: `s${index}`, title: name, kind: "decimal" }));
    const rows = categories.map((category, place) => ({
      category,
      ...Object.fromEntries(series.map(({ values }, index) => [`s${index}`, values[place] ?? null])),
    }));
    this.#found.push({
      title: unit === undefined ? title : `${title} (${unit})`,
      columns: [{ key: "category", title: "", kind: "text" }, ...named],
      rows,
    });
  }
}
