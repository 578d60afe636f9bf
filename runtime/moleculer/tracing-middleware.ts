// A span for each call of an action, named like the action, in the trace of whoever calls. Between processes the trace
// travels in the call's meta; it is taken out again when the call is over, lest it go along with what the caller does next.
// A task's run has its attempt's span already, and the gateway's one action that of the request.
import type { ActionHandler, ActionSchema, Context, Middleware } from "moleculer";
import { type Carrier, OpenSpan } from "../telemetry/index.ts";

type Traced = Context<unknown, { traceparent?: string; tracestate?: string }>;
type Next = (ctx: Traced) => Promise<unknown>;

const UNTOLD = /^\$|^gateway\.rest$/;

/** `middlewares: [TracingMiddleware()]`, where traces are wanted. */
export function TracingMiddleware(): Middleware {
  return {
    name: "Tracing",
    localAction(next: ActionHandler, action: ActionSchema) {
      const { name = "" } = action;
      if (UNTOLD.test(name)) return next;
      const call = next as Next;
      return (ctx: Traced) => {
        if (ctx.locals.task !== undefined) return call(ctx);
        const isFromAfar = ctx.nodeID !== ctx.broker.nodeID;
        const span = isFromAfar
          ? OpenSpan.after(carrierOf(ctx), { ...startOf(name), kind: "server" })
          : OpenSpan.here(startOf(name));
        return span === undefined ? call(ctx) : span.around(() => call(ctx));
      };
    },
    remoteAction(next: ActionHandler, action: ActionSchema) {
      const { name = "" } = action;
      if (UNTOLD.test(name)) return next;
      const call = next as Next;
      return (ctx: Traced) => {
        const span = OpenSpan.here({ ...startOf(name), kind: "client" });
        if (span === undefined) return call(ctx);
        // A copy: the meta of a call may be the caller's own object.
        ctx.meta = { ...ctx.meta, ...span.carrier() };
        return span
          .around(() => call(ctx))
          .finally(() => {
            delete ctx.meta.traceparent;
            delete ctx.meta.tracestate;
          });
      };
    },
  } as Middleware;
}

function startOf(name: string) {
  return { name, attributes: { "rpc.system.name": "moleculer", "rpc.method": name } };
}

function carrierOf({ meta }: Traced): Carrier {
  const { traceparent, tracestate } = meta;
  if (typeof traceparent !== "string") return {};
  return { traceparent, ...(typeof tracestate === "string" ? { tracestate } : {}) };
}
