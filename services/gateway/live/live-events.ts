// What `GET /events` sends, by the names of the messages.

/** Of the facility, passed on to whoever watches as they are told over the bus: ids and states. */
export const TOLD_EVENTS: readonly string[] = [
  ...["ticket.created", "ticket.updated", "ticket.escalated", "jobneed.completed", "jobneed.autoclosed"],
  "facility.imported",
];

/** Of the feed itself. */
export const LIVE_EVENTS = {
  tasks: {
    meaning:
      "What tasks did in the last quarter of a second: the first hundred events (as in `task.events`), and how many there were of each kind.",
    data: "`{ events, counts: { started: 12, … }, dropped }`",
  },
  ping: {
    meaning: "Every 15 seconds: the connection is whole. Without one for 40 seconds it is lost.",
    data: "`{}`",
  },
  reset: {
    meaning: "Something was missed that cannot be made up for: look at everything anew.",
    data: "`{}`",
  },
} as const;
