/** Says so many lines without ever yielding, then one last. */
import type { IsolatedContext } from "../../../runtime/worker/isolation/index.ts";

export default function talks({ lines }: { readonly lines: number }, { log }: IsolatedContext): void {
  for (let n = 1; n <= lines; n++) log.debug(`line ${n}`, { n, token: "t0p" });
  log.error("the end", new Error("no more"));
}
