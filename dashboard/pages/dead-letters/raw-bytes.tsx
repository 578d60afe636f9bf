// The first bytes of what was no task at all: as text where they are text, and as they are.
import { bytes } from "../../core/format.ts";
import { Card } from "../../parts/card.tsx";

const IN_A_LINE = 16;
const MOST_LINES = 32;

export function RawBytes({ raw }: { raw: string }) {
  const content = Uint8Array.from(atob(raw.replaceAll(/\s/g, "")), (character) => character.charCodeAt(0));
  const lines = Array.from({ length: Math.min(MOST_LINES, Math.ceil(content.length / IN_A_LINE)) }, (_, index) =>
    content.slice(index * IN_A_LINE, (index + 1) * IN_A_LINE),
  );
  return (
    <Card title="Bytes" actions={<span class="hint">the first {bytes(content.length)}</span>}>
      <div class="json">
        <pre>{new TextDecoder().decode(content)}</pre>
        <pre class="hex">
          {lines.map((line) => [...line].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")).join("\n")}
        </pre>
      </div>
      <p class="hint">
        A message that could not be read as a task. There is nothing to run; dismiss it once its sender is known.
      </p>
    </Card>
  );
}
