// The time, once a second: what is relative to it is drawn anew without asking anybody.
import { computed, signal } from "@preact/signals";

export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1_000);

/** The beginning of this minute: for what need not be drawn anew each second. */
export const thisMinute = computed(() => Math.floor(now.value / 60_000) * 60_000);
