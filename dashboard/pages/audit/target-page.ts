// Where the thing is to be seen that somebody did something to.
import type { AuditEntry } from "../../core/shapes-system.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** `undefined` where there is no page, or nothing is there any more. */
export function targetPage({ action, target, details }: AuditEntry): string | undefined {
  if (target === null || target === "") return undefined;
  const name = encodeURIComponent(target);
  const [kind] = action.split(".");
  switch (kind) {
    case "task":
      return UUID.test(target) ? `/tasks/${target}` : undefined;
    case "dead-letter":
      return `/dead-letters/${name}`;
    case "queue":
      return `/queues/${name}`;
    case "schedule":
      return action === "schedule.remove" ? undefined : `/schedules/${name}`;
    case "worker":
      return target === "all" || target.includes(",") ? undefined : `/workers/${name}`;
    case "task-type":
      return `/settings?tab=types&q=${name}`;
    case "tenant":
      return "/settings?tab=tenants";
    case "site":
    case "job":
    case "ticket":
      return `/${kind}s/${name}`;
    case "token":
      return "/settings?tab=tokens";
    case "cache":
      return `/cache?cache=${action === "cache.clear" ? name : encodeURIComponent(cacheOf(details))}`;
    default:
      return undefined;
  }
}

function cacheOf(details: unknown): string {
  const { cache } = (details ?? {}) as { cache?: unknown };
  return typeof cache === "string" ? cache : "default";
}
