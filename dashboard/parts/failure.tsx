// An error as it was kept: what it says, its cause, and where it came from; frames of packages are folded away.

import type { TaskFailure } from "../core/shapes.ts";
import { type Frame, framesOf, stretchesOf } from "../core/stack.ts";
import { Button } from "./button.tsx";
import { say } from "./toast.tsx";

export function Failure({ error }: { error: TaskFailure }) {
  const { name, code, message, stack, cause } = error;
  const frames = framesOf(stack ?? "");
  const copy = async () => {
    await navigator.clipboard.writeText(stack ?? `${name ?? "Error"}: ${message}`);
    say("Copied");
  };
  return (
    <div class="failure">
      <p class="failure-message">{message}</p>
      <p class="failure-kind">
        {name === undefined ? null : <span>{name}</span>}
        {code === undefined ? null : <code>{code}</code>}
        <Button tone="quiet" small icon="copy" label="Copy the error with its stack" onClick={copy} />
      </p>
      {cause === undefined ? null : (
        <p class="failure-cause">
          caused by <b>{cause.message}</b> {cause.code === undefined ? cause.name : <code>{cause.code}</code>}
        </p>
      )}
      {frames.length === 0 ? null : (
        <ol class="stack" aria-label="Stack">
          {stretchesOf(frames).map((stretch, index) => (
            <Stretch key={index} frames={stretch} />
          ))}
        </ol>
      )}
    </div>
  );
}

function Stretch({ frames }: { frames: readonly Frame[] }) {
  if (frames[0]?.isOwn === true) return frames.map((frame, index) => <FrameLine key={index} frame={frame} />);
  return (
    <li>
      <details>
        <summary>
          {frames.length} {frames.length === 1 ? "frame" : "frames"} of {originsOf(frames)}
        </summary>
        <ol>
          {frames.map((frame, index) => (
            <FrameLine key={index} frame={frame} />
          ))}
        </ol>
      </details>
    </li>
  );
}

function FrameLine({ frame: { call, place } }: { frame: Frame }) {
  const slash = place.lastIndexOf("/") + 1;
  return (
    <li>
      <code>
        <b>{call === "" ? "anonymous" : call}</b> <span>{place.slice(0, slash)}</span>
        {place.slice(slash)}
      </code>
    </li>
  );
}

function originsOf(frames: readonly Frame[]): string {
  const origins = frames.map(({ place }) => {
    const path = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(place)?.[1];
    return path ?? "Node";
  });
  return [...new Set(origins)].join(", ");
}
