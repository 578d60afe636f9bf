// A value as JSON, coloured, with buttons that copy and keep it. Of a long one the beginning is shown until one asks for all.
import { useMemo, useState } from "preact/hooks";
import { bytes } from "../core/format.ts";
import { Button } from "./button.tsx";
import { say } from "./toast.tsx";

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;
const MOST_COLOURED = 60_000;
const MOST_SHOWN = 20_000;

export interface JsonProps {
  readonly value: unknown;
  readonly label: string;
  /** Of the file it is kept in. Default `apium.json`. */
  readonly fileName?: string;
}

export function Json({ value, label, fileName = "apium.json" }: JsonProps) {
  const [isWhole, setWhole] = useState(false);
  const text = useMemo(() => JSON.stringify(value, null, 2) ?? "undefined", [value]);
  const isLong = text.length > MOST_SHOWN;
  const shown = isLong && !isWhole ? text.slice(0, text.lastIndexOf("\n", MOST_SHOWN)) : text;
  const drawn = useMemo(() => (shown.length > MOST_COLOURED ? shown : coloured(shown)), [shown]);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    say("Copied");
  };
  return (
    <div class="json">
      <div class="json-buttons">
        {isLong ? (
          <Button
            tone="quiet"
            small
            icon="download"
            label={`Keep ${label} as a file`}
            onClick={() => save(text, fileName)}
          />
        ) : null}
        <Button tone="quiet" small icon="copy" label={`Copy ${label}`} onClick={copy} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it. */}
      <pre tabIndex={0}>
        <code>{drawn}</code>
      </pre>
      {isLong && !isWhole ? (
        <p class="json-more">
          The first {bytes(shown.length)} of {bytes(text.length)}.
          <Button small onClick={() => setWhole(true)}>
            Show all
          </Button>
        </p>
      ) : null}
    </div>
  );
}

function save(text: string, fileName: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function coloured(text: string) {
  const parts: preact.ComponentChild[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, string, colon, word, number] = match;
    parts.push(text.slice(end, match.index));
    end = match.index + whole.length;
    const kind =
      string !== undefined ? (colon === undefined ? "string" : "name") : word !== undefined ? "word" : "number";
    parts.push(
      <span class={`json-${kind}`} key={match.index}>
        {string ?? word ?? number}
      </span>,
    );
    if (colon !== undefined) parts.push(colon);
  }
  return [...parts, text.slice(end)];
}
