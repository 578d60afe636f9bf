/** What a container is to its first process: a numbering of processes of its own, in which it is 1. Linux, and root. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const [unshare, ...apart] = ["unshare", "--kill-child", "--pid", "--fork", "--mount-proc"];

/** Before a program and its arguments it makes that program the first process of a container, and ends with its exit code. */
export const CONTAINER = { file: unshare as string, args: apart } as const;

export const hasContainers = spawnSync(CONTAINER.file, [...CONTAINER.args, "true"]).status === 0;

/** What its first process is outside, once it runs. */
export function firstProcess(pid: number): number | undefined {
  const [child = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
  return child.trim() === "" ? undefined : Number(child);
}
