// The search at the top of every page: a task's id opens it, any other text is looked for in the list of tasks.
import { useState } from "preact/hooks";
import { go } from "./core/place.ts";
import { Icon } from "./parts/icon.tsx";

const TASK_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function TaskSearch() {
  const [text, setText] = useState("");
  const search = (event: Event) => {
    event.preventDefault();
    const wanted = text.trim();
    if (wanted === "") return;
    go(TASK_ID.test(wanted) ? `/tasks/${wanted.toLowerCase()}` : `/tasks?q=${encodeURIComponent(wanted)}`);
    setText("");
    document.querySelector<HTMLInputElement>("#task-search")?.blur();
  };
  return (
    <search class="top-search">
      <form onSubmit={search}>
        <Icon name="search" />
        <input
          id="task-search"
          type="search"
          aria-label="Search tasks: an id, a name, or text of the parameters"
          placeholder="Search tasks: id, name, text"
          autocomplete="off"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <kbd>/</kbd>
      </form>
    </search>
  );
}
