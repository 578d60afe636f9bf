// The two broadcasts of the cache service, as this process hears them. One listener a broker.
import type { Context, ServiceSchema } from "moleculer";
import { z } from "zod";
import { EVERYTHING, type Untrue } from "./untrue.ts";

const place = z.looseObject({ cache: z.string(), version: z.number().optional() });
const invalidated = place.extend({
  keys: z.array(z.string()).optional(),
  pattern: z.string().optional(),
  tags: z.array(z.string()).optional(),
  all: z.boolean().optional(),
});
const filled = place.extend({ key: z.string() });

export interface CacheEar {
  /** Without a version, in all of them. */
  forget(cache: string, version: number | undefined, untrue: Untrue): void;
  filled(cache: string, version: number | undefined, key: string): void;
  /** Broadcasts may have been missed. */
  forgetEverything(): void;
  /** From now on broadcasts do not arrive; or, from now on, the others are told that this process listens. */
  deafen(): void;
  listen(): void;
  stop(): void;
}

/** A Moleculer service without actions: `broker.createService(cacheEvents(…))`. */
export function cacheEvents(ear: CacheEar): ServiceSchema {
  return {
    name: "cache-client",
    metadata: { $category: "apium" },
    events: {
      "cache.invalidated"(ctx: Context<unknown>) {
        const told = invalidated.safeParse(ctx.params);
        if (!told.success) return ear.forgetEverything();
        const { cache, version, keys, pattern, tags, all } = told.data;
        ear.forget(cache, version, all === true ? EVERYTHING : { keys, pattern, tags });
      },
      "cache.filled"(ctx: Context<unknown>) {
        const told = filled.safeParse(ctx.params);
        if (told.success) ear.filled(told.data.cache, told.data.version, told.data.key);
      },
      "$broker.started": () => ear.listen(),
      "$transporter.disconnected": () => ear.deafen(),
      "$transporter.connected"(ctx: Context<{ wasReconnect?: boolean }>) {
        ear.forgetEverything();
        if (ctx.params.wasReconnect === true) ear.listen();
      },
    },
    async stopped() {
      ear.stop();
    },
  };
}
