// A text to be taken elsewhere: a token, a command. One button copies it.
import { useState } from "preact/hooks";
import { Button } from "./button.tsx";

export function Copied({ text, label }: { text: string; label: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <div class="copied">
      <code>{text}</code>
      <Button small icon={isCopied ? "check" : "copy"} label={`Copy ${label}`} onClick={copy}>
        {isCopied ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}
