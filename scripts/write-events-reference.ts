// docs/reference/events.md, from the contracts of what is told over the bus, and of what `GET /events` sends.
import { z } from "zod";
import { TASK_EVENT_MEANINGS } from "../runtime/contract/task-event.ts";
import type { BusEvent } from "../runtime/index.ts";
import { PLATFORM_EVENTS } from "../runtime/moleculer/index.ts";
import { LIVE_EVENTS, TOLD_EVENTS } from "../services/gateway/live/live-events.ts";
import { SERVICES } from "../services/index.ts";
import { code, page, table } from "./references/markdown.ts";
import { typeText } from "./references/type-text.ts";

const INTRODUCTION = `Events are Moleculer's: a service hears one by naming it under its \`events\`. They are for watching and for forgetting what
was remembered: one that is missed changes nothing that must be right, and nothing waits until one was heard. Those of the
facility are told after the commit. Most are heard by every process; where *one* stands, by one instance of each service that
listens. \`?\` marks what may be missing.`;

const LIVE = `\`GET /events\` sends server-sent events to operators of the whole system, each with an id. A watcher that comes back with
\`Last-Event-ID\` (or \`?lastEventId=\`) goes on where it was. A \`ping\` every 15 s keeps the connection; a watcher whose network
is too slow is let go, and comes back.`;

export function eventsReference(): string {
  const emitters = Map.groupBy(
    SERVICES.filter(({ events = [] }) => events.length > 0),
    ({ name }) => name,
  );
  const known = new Set(SERVICES.flatMap(({ events = [] }) => events).map(({ event }) => event));
  const unknown = TOLD_EVENTS.filter((event) => !known.has(event));
  if (unknown.length > 0) throw new Error(`GET /events passes on what nobody tells: ${unknown.join(", ")}`);
  return page("Events", "the `events.ts` of each service", [
    INTRODUCTION,
    "## Of the platform",
    eventTable(PLATFORM_EVENTS),
    "Kinds of task events:",
    table(
      ["type", "meaning"],
      Object.entries(TASK_EVENT_MEANINGS).map(([type, meaning]) => [code(type), meaning]),
    ),
    ...[...emitters].flatMap(([name, modules]) => [
      `## Of the service ${code(name)}`,
      eventTable(modules.flatMap(({ events = [] }) => events)),
    ]),
    "## Server-sent events",
    LIVE,
    table(
      ["event", "meaning", "data"],
      [
        ...Object.entries(LIVE_EVENTS).map(([event, { meaning, data }]) => [code(event), meaning, data]),
        ...TOLD_EVENTS.map((event) => [code(event), "As told over the bus.", "as above"]),
      ],
    ),
  ]);
}

function eventTable(events: readonly BusEvent[]): string {
  return table(
    ["event", "meaning", "payload", "heard by"],
    events.map(({ event, meaning, payload, reach = "every" }) => [
      code(event),
      meaning,
      payload instanceof z.ZodUndefined ? "nothing" : code(typeText(payload)),
      reach === "one" ? "one" : "every process",
    ]),
  );
}
