// A dialog of the browser's own: it holds the focus, closes on Escape and gives the focus back to what had it. A press beside it
// closes only what loses nothing by it: not what somebody writes in, nor what is shown once.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "./button.tsx";

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly wide?: boolean;
  /** Nothing is entered in it, and it can be opened again: a press beside it closes it. */
  readonly isLight?: boolean;
  readonly children: ComponentChildren;
}

/** Open for as long as it is drawn. */
export function Dialog({ title, onClose, wide = false, isLight = false, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={wide ? "wide" : ""}
      aria-label={title}
      onClose={onClose}
      onMouseDown={(event) => {
        // The dialog itself is what lies around its content.
        if (isLight && event.target === element.current) element.current?.close();
      }}
    >
      <div class="dialog">
        <header>
          <h2>{title}</h2>
          <Button tone="quiet" icon="close" label="Close" onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface Question {
  readonly title: string;
  /** What will happen, with numbers: "12 tasks will not run." */
  readonly body: ComponentChildren;
  /** What the button says: the verb. */
  readonly verb: string;
  readonly isDangerous?: boolean;
}

const question = signal<(Question & { readonly answer: (yes: boolean) => void }) | undefined>(undefined);

/** Asks before something that cannot be undone. */
export function confirm(asked: Question): Promise<boolean> {
  return new Promise((resolve) => {
    question.value = {
      ...asked,
      answer: (yes) => {
        question.value = undefined;
        resolve(yes);
      },
    };
  });
}

/** Where {@link confirm} asks; once in the page. */
export function Confirmation() {
  const asked = question.value;
  if (asked === undefined) return null;
  return (
    <Dialog title={asked.title} isLight onClose={() => asked.answer(false)}>
      <div class="dialog-body">{asked.body}</div>
      <footer>
        <Button onClick={() => asked.answer(false)}>Not now</Button>
        <Button tone={asked.isDangerous ? "danger" : "main"} onClick={() => asked.answer(true)}>
          {asked.verb}
        </Button>
      </footer>
    </Dialog>
  );
}
