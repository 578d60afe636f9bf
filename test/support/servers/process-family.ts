/**
 * A process and its direct children, by pid. PostgreSQL's children each open their own session, so a process group
 * does not reach them; none of the servers here has grandchildren.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export function childrenOf(pid: number): number[] {
  if (process.platform !== "linux") return childrenByPgrep(pid);
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((candidate) => readStat(candidate)?.parentPid === pid);
}

/** True when none is running; one that has ended but was not yet collected by its parent counts as gone. */
export function allGone(pids: readonly number[]): boolean {
  return pids.every((pid) => {
    if (process.platform === "linux") return (readStat(pid)?.state ?? "Z") === "Z";
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
}

export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

function readStat(pid: number): { state: string; parentPid: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // Ended meanwhile.
  }
  // The program's name stands in parentheses and may itself contain spaces and parentheses.
  const [state, parentPid] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: state ?? "Z", parentPid: Number(parentPid) };
}

function childrenByPgrep(pid: number): number[] {
  try {
    return execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" })
      .split("\n")
      .filter(Boolean)
      .map(Number);
  } catch {
    return []; // pgrep exits 1 when there are none.
  }
}
