/** What the doctor makes of what it is told: when a figure is a finding, who is missing, and what is told once. */
import { describe, expect, test } from "@jest/globals";
import { checkProcess } from "../../runtime/control/index.ts";
import type { Finding } from "../../runtime/index.ts";
import type { Answer, Rounds } from "../../services/doctor/ask-processes.ts";
import { checkEngine } from "../../services/doctor/engine.ts";
import { inOneVoice, withoutConsequences } from "../../services/doctor/findings.ts";
import { checkHearing, checkVersions } from "../../services/doctor/processes.ts";

const GIB = 2 ** 30;
const NOW = Date.parse("2026-11-28T03:00:00Z");

type Facts = Parameters<typeof checkProcess>[0];
const well: Facts = {
  ...{ node: "web-1", host: "web", databaseAway: undefined, natsAway: undefined, machineAheadMs: 0, lagP99Ms: 20 },
  dataDir: "/data",
  room: { path: "/data", freeBytes: 75 * GIB, totalBytes: 252 * GIB },
};
const disk = (freeBytes: number, totalBytes: number) =>
  checkProcess({ ...well, room: { path: "/data", freeBytes, totalBytes } });

describe("a process", () => {
  test("has nothing to tell when all is well, or when it has no folder", () => {
    expect(checkProcess(well)).toEqual([]);
    expect(checkProcess({ ...well, dataDir: undefined, room: undefined })).toEqual([]);
  });

  test("tells that the database and NATS are away, errors first", () => {
    const found = checkProcess({ ...well, databaseAway: "ECONNREFUSED", natsAway: "timeout", lagP99Ms: 3_000 });
    expect(found.map(({ code, severity }) => [code, severity])).toEqual([
      ["DATABASE_AWAY", "error"],
      ["NATS_AWAY", "error"],
      ["EVENT_LOOP_LAGS", "warning"],
    ]);
  });

  test("tells of a clock that is far from the database's, in either direction", () => {
    const of = (machineAheadMs: number) => checkProcess({ ...well, machineAheadMs }).map(({ message }) => message);
    expect(of(4_000)).toEqual([]);
    expect(of(90_000)).toEqual([expect.stringMatching(/^the clock of this machine is 90 s ahead of the database's/)]);
    expect(of(-7_400)).toEqual([expect.stringMatching(/^the clock of this machine is 7 s behind the database's/)]);
  });

  test("tells of a disk with little room, and fails it where there is next to none", () => {
    expect(disk(9 * GIB, 100 * GIB)).toEqual([]);
    // A twentieth of ten terabytes is room.
    expect(disk(400 * GIB, 10_000 * GIB)).toEqual([]);
    expect(disk(2 * GIB, 100 * GIB)).toMatchObject([
      { severity: "warning", code: "DISK_NEARLY_FULL", subject: "web:/data" },
    ]);
    expect(disk(0.4 * GIB, 2 * GIB)).toMatchObject([{ severity: "warning" }]);
    // A small one that is empty is as it was made.
    expect(disk(0.06 * GIB, 0.0625 * GIB)).toEqual([]);
    const [full] = disk(0.01 * GIB, 100 * GIB);
    expect(full).toMatchObject({ severity: "error", message: "the disk of DATA_DIR has 10 MiB left of 100.0 GiB" });
  });

  test("tells of a disk that does not answer", () => {
    expect(checkProcess({ ...well, room: "silent" })).toMatchObject([{ code: "DISK_SILENT", subject: "web:/data" }]);
  });
});

const redis: Finding = {
  ...{ severity: "warning", code: "REDIS_AWAY", subject: "Redis", message: "away", suggestion: "bring it back" },
};
const answered = (node: string, action: string, findings: readonly Finding[] = [], more: object = {}): Answer => ({
  ...{ node, action, findings, ...more },
});
const silent = (node: string, action: string): Answer => ({ node, action, findings: undefined });
const rounds = (...answers: Answer[]): Rounds => ({ answers, older: [] });

describe("what several processes find", () => {
  test("is told once, with who sees it, unless there is but one to ask", () => {
    const said = (...answers: Answer[]) => inOneVoice(rounds(...answers)).map(({ message }) => message);
    const [first, second] = [answered("a", "cache.check", [redis]), answered("b", "cache.check", [redis])];
    expect(said(first, answered("b", "tasks.check"))).toEqual(["away"]);
    expect(said(first, second)).toEqual(["away; so say all 2 processes"]);
    expect(said(first, answered("b", "cache.check"))).toEqual(["away; so says a, of 2 processes"]);
  });

  test("needs no witness where it is about the process itself", () => {
    const lag = checkProcess({ ...well, lagP99Ms: 5_000 });
    const found = inOneVoice(rounds(answered("web-1", "tasks.check", lag), answered("web-2", "tasks.check")));
    expect(found).toEqual(lag);
  });

  test("is told once of a disk that several of them have, wherever they have it", () => {
    const full = (host: string) =>
      checkProcess({ ...well, host, room: { path: "/data", freeBytes: 1, totalBytes: GIB } });
    const found = inOneVoice(rounds(answered("a", "tasks.check", full("a")), answered("b", "tasks.check", full("b"))));
    expect(found).toMatchObject([{ code: "DISK_NEARLY_FULL", subject: "a:/data, b:/data" }]);
    expect(found[0]?.message).not.toContain("so say");
  });

  test("leaves out what only follows from something else", () => {
    const finding = (code: string): Finding => ({ ...redis, code });
    const all = ["NATS_AWAY", "PROCESS_SILENT", "SCHEDULER_MISSING", "REDIS_AWAY"].map(finding);
    const seen = rounds(answered("gateway", "tasks.check", [finding("NATS_AWAY")]), answered("w", "tasks.check"));
    expect(withoutConsequences(all, seen, "gateway").map(({ code }) => code)).toEqual(["NATS_AWAY", "REDIS_AWAY"]);
    // What another process misses keeps this one from seeing nothing.
    expect(withoutConsequences(all, seen, "w")).toEqual(all);
  });
});

describe("who does not answer", () => {
  const row = (id: string, pid: number, more: object = {}) => ({
    ...{ id, host: "Web", pid, state: "running", heartbeatAt: new Date(NOW - 2_000).toISOString(), ...more },
  });
  const found = (of: Rounds, workers: Parameters<typeof checkHearing>[1] = []) =>
    checkHearing(of, workers, NOW).map(({ code, subject }) => `${code} ${subject}`);

  test("is a process that answers nothing, or a service in one that answers the rest", () => {
    expect(found(rounds(silent("web-1", "tasks.check"), silent("web-1", "cache.check")))).toEqual([
      "PROCESS_SILENT web-1",
    ]);
    expect(found(rounds(answered("web-1", "tasks.check"), silent("web-1", "email.check")))).toEqual([
      "CHECK_UNANSWERED email on web-1",
    ]);
  });

  test("is a worker that has its lease, and whose process nobody hears any more", () => {
    const heard = answered("web-1", "tasks.check", [], { worker: "Web-1-abc" });
    expect(found(rounds(heard), [row("Web-1-abc", 1), row("Web-2-def", 2)])).toEqual(["PROCESS_SILENT Web-2-def"]);
    const gone = { heartbeatAt: new Date(NOW - 9_000).toISOString() };
    expect(found(rounds(heard), [row("Web-2-def", 2, gone), row("Web-3-fed", 3, { state: "lost" })])).toEqual([]);
    // Told once; and one of an older version is not asked.
    expect(found(rounds(heard, silent("web-2", "tasks.check")), [row("Web-2-def", 2)])).toEqual([
      "PROCESS_SILENT web-2",
    ]);
    expect(found({ ...rounds(heard), older: ["web-2"] }, [row("Web-2-def", 2)])).toEqual([]);
    // Where no process can be asked about itself, none is missed.
    expect(found(rounds(), [row("Web-2-def", 2)])).toEqual([]);
  });
});

describe("versions side by side", () => {
  const process = (node: string, version?: string) => answered(node, "tasks.check", [], { version });

  test("are told, with who runs which; the same ones are not, nor one that nobody says", () => {
    expect(checkVersions(rounds(process("a", "1.2.3"), process("b", "1.2.3"), process("c", "unknown")))).toEqual([]);
    expect(checkVersions(rounds(process("a", "1.3.0"), process("b", "1.2.3"), process("c", "1.3.0")))).toMatchObject([
      {
        code: "VERSIONS_DIFFER",
        subject: "1.2.3, 1.3.0",
        message: expect.stringMatching(/1\.2\.3 \(b\); 1\.3\.0 \(a, c\)$/),
      },
    ]);
  });

  test("are told where one is so old that it cannot say", () => {
    const [found] = checkVersions({ ...rounds(process("a", "1.3.0")), older: ["b"] });
    expect(found?.message).toMatch(/1\.3\.0 \(a\); an older one \(b\)$/);
  });
});

test("a stream near its limit is told of, one with room is not", () => {
  const limit = { of: "TASKS_EMAIL", unit: "messages", most: 1_000 } as const;
  expect(checkEngine([{ ...limit, used: 800 }])).toEqual([]);
  expect(checkEngine([{ ...limit, used: 950 }])).toMatchObject([
    { severity: "warning", code: "STREAM_NEARLY_FULL", subject: "TASKS_EMAIL" },
  ]);
});
