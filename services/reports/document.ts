/**
 * What a report says, apart from how it looks: a head, and sections whose rows arrive in batches. Renderers make PDF, XLSX,
 * CSV, JSON or HTML of it. A section's rows are read to their end before the next section is asked for, so that a
 * report of any length passes through in bounded memory; what stands above the rows (facts, chart) is known before them.
 */

export const FORMATS = ["pdf", "xlsx", "csv", "json", "html"] as const;
export type Format = (typeof FORMATS)[number];

/** Instants are ISO texts in UTC, dates "YYYY-MM-DD", percentages 0 to 100, durations minutes. */
export type Cell = string | number | boolean | null;
export type Row = Readonly<Record<string, Cell>>;
export type ColumnKind = "text" | "integer" | "decimal" | "percent" | "instant" | "date" | "minutes" | "status";
/** How a cell is marked: colour in PDF, HTML and XLSX; nothing in CSV and JSON. */
export type Tone = "good" | "warning" | "bad" | "muted";

export interface Column {
  /** Of the row's cell, and the name in JSON. */
  readonly key: string;
  readonly title: string;
  readonly kind: ColumnKind;
  /** Share of the width, against the other columns'; default 1. */
  readonly width?: number;
  /** The row's cell that names the IANA zone of this instant; default the document's zone. */
  readonly zoneKey?: string;
  /** The row's cell that holds a `Tone`. */
  readonly toneKey?: string;
}

export interface Fact {
  readonly label: string;
  readonly value: string;
}

export interface Chart {
  readonly kind: "bar" | "stacked-bar" | "line" | "donut";
  readonly title: string;
  /** Below a bar; of a donut, the slices. */
  readonly categories: readonly string[];
  /** One value for each category; a donut has one series. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[]; readonly tone?: Tone }[];
  readonly unit?: string;
}

/** Batches of rows. */
export type Rows = AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>;

export interface TableSection {
  readonly kind: "table";
  readonly heading?: string;
  readonly facts?: readonly Fact[];
  readonly chart?: Chart;
  readonly columns: readonly Column[];
  readonly rows: Rows;
  /** A last row that sums up; its cells by the columns' keys. Asked for after the rows. */
  readonly totals?: () => Row | undefined;
}

/** QR codes to cut out: rows of { payload, code, name }. PDF (and HTML) only. */
export interface CodesSection {
  readonly kind: "codes";
  readonly heading?: string;
  /** Edge of a code: 25, 40 or 60 mm. */
  readonly size: "S" | "M" | "L";
  readonly rows: Rows;
}

/** A form, filled in: rows of { label, value }; a long value stands below its label over the whole width. */
export interface FormSection {
  readonly kind: "form";
  readonly heading?: string;
  readonly note?: string;
  readonly rows: Rows;
}

/** Who signed: rows of { role, name, state, at }. */
export interface SignaturesSection {
  readonly kind: "signatures";
  readonly heading?: string;
  readonly rows: Rows;
}

export type Section = TableSection | CodesSection | FormSection | SignaturesSection;

export interface DocumentHead {
  readonly title: string;
  readonly subtitle?: string;
  /** Under the title: site, period, filters. */
  readonly facts: readonly Fact[];
  readonly clientName: string;
  /** PNG or JPEG. */
  readonly logo?: Uint8Array;
  /** IANA zone of instants without one of their own. */
  readonly timezone: string;
  /** When the data was read: ISO, UTC. */
  readonly generatedAt: string;
  /** Of pages; default portrait. */
  readonly orientation?: "portrait" | "landscape";
}

export interface ReportDocument extends DocumentHead {
  readonly sections: AsyncIterable<Section> | Iterable<Section>;
}
