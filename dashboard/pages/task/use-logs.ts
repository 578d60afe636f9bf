// A task's log lines: read to the end, then on from the last line for as long as the task may say more.
import { useEffect, useState } from "preact/hooks";
import { ApiError, address, get } from "../../core/api.ts";
import { useTaskEvents } from "./use-task.ts";

export interface TaskLogLine {
  readonly seq: number;
  readonly attempt: number;
  readonly at: string;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly data: unknown;
  readonly worker: string;
}

interface LogPage {
  readonly items: readonly TaskLogLine[];
  readonly nextCursor: string | null;
}

const PAGE_LINES = 500;
const EVERY_MS = 2_000;
/** What is said in the end may be written a moment after the end. */
const LATE_MS = 1_500;
/** What could not be read is asked for again, of a task that has ended, too. */
const AGAIN_AFTER_MS = 5_000;
const MOST_LINES = 10_000;

export interface UsedLogs {
  readonly lines: readonly TaskLogLine[];
  /** Everything there was has been read. */
  readonly isWhole: boolean;
  /** There is more than is read here. */
  readonly isFull: boolean;
  readonly error: unknown;
}

const NOTHING: UsedLogs = { lines: [], isWhole: false, isFull: false, error: undefined };

export function useLogs(id: string, level: string, isLive: boolean): UsedLogs {
  const [logs, setLogs] = useState<UsedLogs>(NOTHING);
  const [reader, setReader] = useState<{ readonly wake: () => void }>({ wake: () => {} });
  useEffect(() => {
    const stop = new AbortController();
    let lines: readonly TaskLogLine[] = [];
    let isReading = false;
    let due: number | undefined;
    const read = async () => {
      if (isReading || lines.length >= MOST_LINES) return;
      isReading = true;
      clearTimeout(due);
      try {
        for (let more: string | null = ""; more !== null && !stop.signal.aborted && lines.length < MOST_LINES; ) {
          const path: string = address(`/tasks/${id}/logs`, { after: lines.at(-1)?.seq, limit: PAGE_LINES, level });
          const page: LogPage = await get<LogPage>(path, stop.signal);
          lines = page.items.length === 0 ? lines : [...lines, ...page.items];
          more = page.nextCursor;
          const isFull = more !== null && lines.length >= MOST_LINES;
          setLogs({ lines, isWhole: more === null, isFull, error: undefined });
        }
      } catch (error) {
        if (!stop.signal.aborted) {
          setLogs({ lines, isWhole: isForGood(error), isFull: false, error });
          if (!isForGood(error)) due = setTimeout(read, AGAIN_AFTER_MS);
        }
      }
      isReading = false;
    };
    setLogs(NOTHING);
    setReader({ wake: read });
    void read();
    return () => {
      stop.abort();
      clearTimeout(due);
    };
  }, [id, level]);
  useTaskEvents(id, reader.wake);
  useEffect(() => {
    if (!isLive) return;
    const every = setInterval(() => {
      if (!document.hidden) reader.wake();
    }, EVERY_MS);
    return () => {
      clearInterval(every);
      setTimeout(() => reader.wake(), LATE_MS);
    };
  }, [isLive, reader]);
  return logs;
}

function isForGood(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500;
}
