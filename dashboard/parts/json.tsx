// A value as JSON, coloured, with a button that copies it.
import { Button } from "./button.tsx";
import { say } from "./toast.tsx";

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;
const MOST_COLOURED = 100_000;

export function Json({ value, label }: { value: unknown; label: string }) {
  const text = JSON.stringify(value, null, 2) ?? "undefined";
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    say("Copied");
  };
  return (
    <div class="json">
      <Button tone="quiet" small icon="copy" label={`Copy ${label}`} onClick={copy} />
      <pre>
        <code>{text.length > MOST_COLOURED ? text : coloured(text)}</code>
      </pre>
    </div>
  );
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
