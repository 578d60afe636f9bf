// The answer of a question, or how the question fares. Once there was an answer it stays, with a word that it is old.
import type { ComponentChildren } from "preact";
import type { Query } from "../core/use-query.ts";
import { Button } from "./button.tsx";
import { Icon } from "./icon.tsx";
import { wordsOf } from "./toast.tsx";

export interface LoadedProps<Answer> {
  readonly query: Query<Answer>;
  /** Lines of the skeleton. */
  readonly lines?: number;
  readonly children: (data: Answer) => ComponentChildren;
}

export function Loaded<Answer>({ query: { data, error, reload }, lines = 4, children }: LoadedProps<Answer>) {
  return (
    <>
      {error === undefined ? null : (
        <div class="failed" role="alert">
          <Icon name="alert" />
          <span>
            {wordsOf(error)}
            {data === undefined ? "" : " Shown is what was known before."}
          </span>
          <Button small onClick={reload}>
            Try again
          </Button>
        </div>
      )}
      {data !== undefined ? children(data) : error === undefined ? <Skeleton lines={lines} /> : null}
    </>
  );
}

function Skeleton({ lines }: { lines: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <div key={index} />
      ))}
    </div>
  );
}
