/**
 * What the storm's workers say they did, in files of their own opened with O_APPEND. A line is written with one
 * synchronous `write`, so it survives `kill -9`; the checker believes these files and not the platform's counters.
 */
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/**
 * `threw` carries why: `on-purpose`, or the code of an error; `aborted` is the handler's signal; `held` says that the
 * effect is written and its transaction still open.
 */
export type EvidenceKind = "start" | "held" | "end" | "threw" | "aborted";

export interface EvidenceLine {
  readonly kind: EvidenceKind;
  readonly id: string;
  readonly attempt: number;
  /** Milliseconds since the epoch; all processes of a storm are on one machine. */
  readonly at: number;
  readonly why: string;
  readonly pid: number;
}

const SUFFIX = ".evidence";

export class EvidenceFile {
  readonly #fd: number;

  constructor(folder: string) {
    this.#fd = openSync(join(folder, `${process.pid}${SUFFIX}`), "a");
  }

  note(kind: EvidenceKind, { id, attempt }: { readonly id: string; readonly attempt: number }, why = "-"): void {
    writeSync(this.#fd, `${kind} ${id} ${attempt} ${Date.now()} ${why}\n`);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Every line of every worker, oldest first. */
export function readEvidence(folder: string): EvidenceLine[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .flatMap((name) => {
      const pid = Number.parseInt(name, 10);
      const lines = readFileSync(join(folder, name), "utf8").split("\n");
      return lines.filter((line) => line !== "").map((line) => parse(line, pid));
    })
    .sort((a, b) => a.at - b.at);
}

function parse(line: string, pid: number): EvidenceLine {
  const [kind, id = "", attempt, at, why = ""] = line.split(" ");
  return { kind: kind as EvidenceKind, id, attempt: Number(attempt), at: Number(at), why, pid };
}
