// Calls of other processes that leave or die. What a process has not begun is asked of another one, up to three times; what it
// may have begun only where the caller says that it reads (`mayRepeat` in the call's options). What was asked of one process
// by name is asked of no other. Everything else fails at its caller, who alone knows what to make of it.
import type { Context, Middleware } from "moleculer";
import { ApiumError } from "../contract/errors.ts";

const MOST_TRIES = 3;
/** A process that leaves has told the others within this. */
const PAUSE_MS = 50;

/** Of a call: it changes nothing, and may be made again when nobody knows whether it was made. */
export interface RepeatOptions {
  readonly mayRepeat?: boolean;
}

interface CallError {
  readonly type?: unknown;
  readonly data?: { readonly action?: unknown; readonly nodeID?: unknown } | null;
}

type Tried = Context & { tries?: number };

export function AskAgain(): Middleware {
  return {
    name: "AskAgain",
    remoteAction(next: (ctx: Context) => Promise<unknown>, action: { readonly name: string }) {
      return async (ctx: Tried) => {
        try {
          return await next(ctx);
        } catch (error) {
          const tries = (ctx.tries ?? 1) + 1;
          // A stream has been read by now.
          if (tries > MOST_TRIES || "stream" in ctx.options || !mayAskAgain(error as CallError, ctx)) throw error;
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
          const copy: Tried = ctx.copy();
          copy.tries = tries;
          return ctx.broker.call(action.name, ctx.params, { ctx: copy });
        }
      };
    },
  } as unknown as Middleware;
}

function mayAskAgain(error: CallError, ctx: Context): boolean {
  if (ctx.options.nodeID !== undefined) return false;
  // Not what the process itself was refused by a third.
  const { action, nodeID } = error.data ?? {};
  if (error instanceof ApiumError || action !== ctx.action?.name || nodeID !== ctx.nodeID) return false;
  const wasNotBegun = error.type === "SERVICE_NOT_AVAILABLE";
  const wasLost = error.type === "REQUEST_REJECTED";
  return wasNotBegun || (wasLost && (ctx.options as RepeatOptions).mayRepeat === true);
}
