// What is wrong with one process, or will be: whether it reaches the database and the delivery engine, whether it keeps
// up, its machine's clock and disk. Told by itself to whoever asks the doctor. Pure.
import { errorsFirst, type Finding } from "../contract/finding.ts";
import type { DiskRoom } from "./disk.ts";

/** Of a server, a process, a machine, a folder. */
export type ProcessFinding = Finding<
  "DATABASE_AWAY" | "NATS_AWAY" | "EVENT_LOOP_LAGS" | "CLOCK_APART" | "DISK_NEARLY_FULL" | "DISK_SILENT"
>;

export interface ProcessFacts {
  readonly node: string;
  readonly host: string;
  /** Why the database cannot be reached. */
  readonly databaseAway: string | undefined;
  /** Why NATS or its JetStream cannot be reached. */
  readonly natsAway: string | undefined;
  /** How far the machine's clock is ahead of the database's, at least; negative: behind. */
  readonly machineAheadMs: number;
  readonly lagP99Ms: number;
  readonly dataDir: string | undefined;
  /** Of the disk of `dataDir`; undefined: nothing is known of it. */
  readonly room: DiskRoom | "silent" | undefined;
}

/** A lease is renewed every 2 s, and calls are given up after some. */
const LATE_MS = 1_000;
/** Tasks go by the database's clock. Certificates, tokens and the log go by the machine's. */
const APART_MS = 5_000;
const GIB = 2 ** 30;
/** A twentieth of a large disk is room for years: it must be little by itself, too. */
const LITTLE = { share: 0.05, bytes: 20 * GIB } as const;
/** A small disk may be made so; half of it is not little. */
const ALWAYS_LITTLE = { share: 0.5, bytes: GIB / 2 } as const;
const NEXT_TO_NOTHING_BYTES = GIB / 10;

/** @returns findings, errors first. */
export function checkProcess(facts: ProcessFacts): ProcessFinding[] {
  return errorsFirst([...database(facts), ...nats(facts), ...clock(facts), ...eventLoop(facts), ...disk(facts)]);
}

function database({ databaseAway }: ProcessFacts): ProcessFinding[] {
  if (databaseAway === undefined) return [];
  return [
    {
      severity: "error",
      code: "DATABASE_AWAY",
      subject: "database",
      message: `the database cannot be reached: ${databaseAway}`,
      suggestion: "bring it back: until then nothing can be accepted, and nothing runs; or correct DATABASE_URL",
    },
  ];
}

function nats({ natsAway }: ProcessFacts): ProcessFinding[] {
  if (natsAway === undefined) return [];
  return [
    {
      severity: "error",
      code: "NATS_AWAY",
      subject: "NATS",
      message: `the task queue over NATS cannot be reached: ${natsAway}; tasks are taken from the table, and processes do not hear each other`,
      suggestion: "bring nats-server and its JetStream back: nothing is lost, and all goes on by itself",
    },
  ];
}

function clock({ host, machineAheadMs }: ProcessFacts): ProcessFinding[] {
  if (Math.abs(machineAheadMs) < APART_MS) return [];
  const far = `${Math.round(Math.abs(machineAheadMs) / 1_000)} s ${machineAheadMs > 0 ? "ahead of" : "behind"}`;
  return [
    {
      severity: "warning",
      code: "CLOCK_APART",
      subject: host,
      message: `the clock of this machine is ${far} the database's; tasks go by the database's, the log and certificates do not`,
      suggestion: "set both by NTP, the database server's first",
    },
  ];
}

function eventLoop({ node, lagP99Ms }: ProcessFacts): ProcessFinding[] {
  if (lagP99Ms < LATE_MS) return [];
  return [
    {
      severity: "warning",
      code: "EVENT_LOOP_LAGS",
      subject: node,
      message: "its event loop is late by more than a second: what runs there holds up the rest",
      suggestion:
        "`apium control profile --worker <worker id>` shows what computes: let it run apart, or fewer at once",
    },
  ];
}

function disk({ host, dataDir, room }: ProcessFacts): ProcessFinding[] {
  if (room === "silent") return [silentDisk(`${host}:${dataDir}`)];
  if (room === undefined || !isLittle(room)) return [];
  const { path, freeBytes, totalBytes } = room;
  return [
    {
      severity: freeBytes < NEXT_TO_NOTHING_BYTES ? "error" : "warning",
      code: "DISK_NEARLY_FULL",
      subject: `${host}:${path}`,
      message: `the disk of DATA_DIR has ${size(freeBytes)} left of ${size(totalBytes)}`,
      suggestion: "make room, or a larger disk: what is kept there (an embedded database, mails, files) cannot grow",
    },
  ];
}

function silentDisk(subject: string): ProcessFinding {
  return {
    severity: "warning",
    code: "DISK_SILENT",
    subject,
    message: "the disk of DATA_DIR gives no answer within 2 s: whoever reads or writes there waits with it",
    suggestion: "look at it, and at the network between, if it is another machine's",
  };
}

function isLittle({ freeBytes, totalBytes }: DiskRoom): boolean {
  return [LITTLE, ALWAYS_LITTLE].some(({ share, bytes }) => freeBytes < bytes && freeBytes < totalBytes * share);
}

/** Two digits or three: processes that look at one disk a moment apart say the same. */
function size(bytes: number): string {
  const mebibytes = Math.round(bytes / 2 ** 20);
  if (mebibytes >= 1_000) return `${(bytes / GIB).toFixed(1)} GiB`;
  return `${mebibytes < 100 ? mebibytes : Math.round(mebibytes / 10) * 10} MiB`;
}
