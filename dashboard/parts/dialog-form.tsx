// A form in a dialog: it begins at its first field, and Enter sends it.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

export interface DialogFormProps {
  readonly onSubmit: () => unknown;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function DialogForm({ onSubmit, class: own = "dialog-form", children }: DialogFormProps) {
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => {
    // Before the dialog opens, which then begins there and not at its close button.
    form.current?.querySelector("input, select, textarea")?.setAttribute("autofocus", "");
  }, []);
  return (
    <form
      ref={form}
      class={own}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}
