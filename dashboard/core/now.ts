// The system's time, once a second: what is relative to it is drawn anew without asking anybody.
import { computed, signal } from "@preact/signals";
import { systemTime } from "./api.ts";

export const now = signal(systemTime());
setInterval(() => {
  if (!document.hidden) now.value = systemTime();
}, 1_000);

/** The beginning of this minute: for what need not be drawn anew each second. */
export const thisMinute = computed(() => Math.floor(now.value / 60_000) * 60_000);
