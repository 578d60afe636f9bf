// What the task's handlers have said: as it is said while the task runs, by level, all attempts in a row.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { plural } from "../../core/format.ts";
import { query, setQuery } from "../../core/place.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Select } from "../../parts/fields.tsx";
import { LogLine } from "./log-line.tsx";
import type { Run } from "./story.ts";
import { type TaskLogLine, useLogs } from "./use-logs.ts";

const LEVELS = [
  ["", "All levels"],
  ["info", "info and above"],
  ["warn", "warn and above"],
  ["error", "error only"],
] as const;
const MANY_LINES = 15;
/** This close to the foot one follows what is said. */
const FOLLOWING_PX = 40;

export interface LogsProps {
  readonly id: string;
  readonly runs: readonly Run[];
  readonly isLive: boolean;
}

export function Logs({ id, runs, isLive }: LogsProps) {
  const level = query.value.get("level") ?? "";
  const { lines, isWhole, isFull, error } = useLogs(id, level, isLive);
  const box = useRef<HTMLOListElement>(null);
  const isFollowing = useRef(true);
  useEffect(() => {
    if (isLive && isFollowing.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, isLive]);
  // Lines do not change, and there may be thousands: they are drawn when there are more.
  const drawn = useMemo(() => {
    const hasSeveral = lines.some(({ attempt }) => attempt !== lines[0]?.attempt);
    const headOf = ({ attempt }: TaskLogLine) => {
      const number = runs.find((run) => run.attempt === attempt)?.number;
      return number === undefined ? "Handed out without having run" : `Attempt ${number}`;
    };
    return lines.map((line, index) => {
      const isFirst = hasSeveral && lines[index - 1]?.attempt !== line.attempt;
      return <LogLine key={line.seq} line={line} head={isFirst ? headOf(line) : undefined} />;
    });
  }, [lines, runs.length]);
  return (
    <Card
      title="Logs"
      actions={
        <>
          <span class="hint">
            {error !== undefined
              ? `could not be read${isWhole ? "" : "; trying again"}`
              : isFull
                ? `the first ${plural(lines.length, "line")}; there are more`
                : `${plural(lines.length, "line")}${isLive ? ", live" : isWhole ? "" : " so far"}`}
          </span>
          {lines.length > MANY_LINES ? (
            <Button
              small
              tone="quiet"
              icon="falling"
              onClick={() => box.current?.scrollTo({ top: box.current.scrollHeight })}
            >
              To the end
            </Button>
          ) : null}
          <Select
            inline
            label="Level"
            value={level}
            options={LEVELS}
            onChange={(chosen) => setQuery({ level: chosen })}
          />
        </>
      }
    >
      {lines.length === 0 ? (
        <p class="muted">
          {isWhole ? (level === "" ? "Its handler has said nothing." : "Nothing of this level.") : "Reading…"}
        </p>
      ) : (
        <ol
          class="logs"
          ref={box}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
          tabIndex={0}
          aria-label="Log lines"
          onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
            isFollowing.current = scrollHeight - scrollTop - clientHeight < FOLLOWING_PX;
          }}
        >
          {drawn}
        </ol>
      )}
    </Card>
  );
}
