// A text one types, handed on when one has stopped for a moment; and taken over when it is changed from elsewhere.
import { useEffect, useRef, useState } from "preact/hooks";

const PAUSE_MS = 300;

export function useTyped(value: string, onTyped: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(value);
  const timer = useRef<number>(undefined);
  const latest = useRef(onTyped);
  latest.current = onTyped;
  useEffect(() => setText(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => latest.current(next), PAUSE_MS);
  };
  return [text, type];
}
