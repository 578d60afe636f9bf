// Draws reports, each in a thread of its own, a few at once.
import { ApiumError } from "../../../runtime/index.ts";
import type { Renderer, RenderLimits } from "../rendering.ts";
import { Places } from "./places.ts";
import { render } from "./render.ts";

const THREADS = 2;
const LIMITS: RenderLimits = { timeMs: 3_000_000, memoryMb: 256, bytes: 512 * 2 ** 20 };

export interface RendererOptions {
  /** Renders at once; the others wait in line, and their time begins when their turn comes. Default 2. */
  readonly threads?: number;
  /** For renders that name none of their own. Default 50 minutes, 256 MB of memory, 512 MB of file. */
  readonly limits?: Partial<RenderLimits>;
}

/** Closing ends what is being drawn and what waits with `REPORT_RENDER_FAILED`. */
export function openRenderer(options: RendererOptions = {}): Renderer {
  const places = new Places(options.threads ?? THREADS);
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();
  return {
    async render(document, format, file, { signal, onRows, limits } = {}) {
      const either = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
      await places.take(either);
      const work = render({
        document,
        format,
        file,
        onRows,
        signal: either,
        limits: { ...LIMITS, ...options.limits, ...limits },
      });
      running.add(work);
      try {
        return await work;
      } finally {
        running.delete(work);
        places.leave();
      }
    },
    async close() {
      closing.abort(new ApiumError("REPORT_RENDER_FAILED", "the renderer was closed before the report was drawn"));
      await Promise.allSettled(running);
    },
  };
}
