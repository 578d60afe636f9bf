// When a ticket climbs a level. Delays count from the ticket's creation, not from the level before, so the levels of a
// matrix have growing delays; a ticket climbs at most one level in a run.

export const UNITS = { MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000, WEEK: 604_800_000 } as const;
export type Unit = keyof typeof UNITS;

/** Resolved, closed and cancelled tickets stay where they are. */
export const ESCALATED_STATUSES = ["NEW", "OPEN", "ONHOLD"] as const;

/** A ticket that has just climbed stays this long at its level. Shorter than any interval between two runs. */
export const REST_MS = 60_000;

export interface MatrixRow {
  readonly siteId: number | null;
  readonly level: number;
  readonly frequency: Unit;
  readonly frequencyValue: number;
}

export interface WaitingTicket {
  readonly siteId: number;
  readonly status: string;
  readonly level: number;
  readonly createdAt: number;
  readonly escalatedAt: number | null;
}

/** The row that decides on a ticket's next level: its site's own, else that of the whole client. */
export function nextLevel<Row extends MatrixRow>(ticket: WaitingTicket, matrix: readonly Row[]): Row | undefined {
  const rows = matrix.filter(({ level }) => level === ticket.level + 1);
  return rows.find(({ siteId }) => siteId === ticket.siteId) ?? rows.find(({ siteId }) => siteId === null);
}

export function delayMs({ frequency, frequencyValue }: Pick<MatrixRow, "frequency" | "frequencyValue">): number {
  return frequencyValue * UNITS[frequency];
}

/** Whether a ticket climbs to the level of this row now. The statement in `escalation-store.ts` says the same in SQL. */
export function climbs(ticket: WaitingTicket, row: MatrixRow, now: number): boolean {
  const isOpen = (ESCALATED_STATUSES as readonly string[]).includes(ticket.status);
  const hasRested = ticket.escalatedAt === null || ticket.escalatedAt <= now - REST_MS;
  return isOpen && hasRested && ticket.createdAt + delayMs(row) <= now;
}
