// What an import did, or would do, and everything that is wrong with its rows.

/** Where it is, and why; `line` and `column` are null where it is the whole file. */
export interface Problem {
  readonly file: string;
  readonly line: number | null;
  readonly column: string | null;
  readonly value: string | null;
  readonly message: string;
}

export interface KindCounts {
  rows: number;
  created: number;
  changed: number;
  unchanged: number;
  bad: number;
}

/** More are counted, not kept: the first thousand say what is wrong with a file. */
const MOST_PROBLEMS = 10_000;

export class ImportReport {
  readonly counts: Record<string, KindCounts> = {};
  readonly problems: Problem[] = [];
  /** Columns and files that nothing is known of. */
  unknown = 0;

  of(kind: string): KindCounts {
    this.counts[kind] ??= { rows: 0, created: 0, changed: 0, unchanged: 0, bad: 0 };
    return this.counts[kind];
  }

  /** Everything that is wrong: rows, columns, files. */
  get bad(): number {
    return Object.values(this.counts).reduce((total, { bad }) => total + bad, this.unknown);
  }

  add(problems: readonly Problem[]): void {
    this.problems.push(...problems.slice(0, Math.max(0, MOST_PROBLEMS - this.problems.length)));
  }
}
