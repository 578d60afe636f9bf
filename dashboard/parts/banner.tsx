// How something stands, in a line that can be read half asleep, with what there is to say and do about it.
import type { ComponentChildren } from "preact";
import type { Tone } from "./badge.tsx";
import { Icon, type IconName } from "./icon.tsx";

export interface BannerProps {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ComponentChildren;
}

export function Banner({ tone, icon, title, children }: BannerProps) {
  return (
    <section class={`verdict ${tone}`} aria-label="How it stands">
      <span class="verdict-mark">
        <Icon name={icon} size={20} />
      </span>
      <div class="verdict-words">
        <h2>{title}</h2>
        {children}
      </div>
    </section>
  );
}
