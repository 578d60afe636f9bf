// The dashboard's start: who is signed in, the stream of what happens, and the page.
import { render } from "preact";
import { App } from "./app.tsx";
import { connect } from "./core/live.ts";
import { isOfPlatform, learnWho } from "./core/me.ts";
import { followLinks } from "./core/place.ts";
import { wordsOf } from "./parts/toast.tsx";
import "./core/theme.ts";

const root = document.querySelector("#app") as HTMLElement;
document.addEventListener("click", followLinks);

learnWho().then(
  () => {
    if (isOfPlatform()) connect();
    render(<App />, root);
  },
  (error: unknown) => {
    root.textContent = `Apium cannot be shown: ${wordsOf(error)}. Load the page again.`;
  },
);
