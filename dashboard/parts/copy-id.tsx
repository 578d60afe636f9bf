// An id with a button that copies it.
import { Button } from "./button.tsx";
import { say } from "./toast.tsx";

export function CopyId({ id, label }: { id: string; label: string }) {
  const copy = async () => {
    await navigator.clipboard.writeText(id);
    say("Copied");
  };
  return (
    <span class="copy-id">
      <code>{id}</code>
      <Button tone="quiet" small icon="copy" label={`Copy ${label}`} onClick={copy} />
    </span>
  );
}
