/** Says where it runs: by which process and thread, with which environment and arguments. */
import { threadId } from "node:worker_threads";

export default function whereAmI(): unknown {
  return {
    pid: process.pid,
    threadId,
    env: { ...process.env },
    argv: process.argv.slice(2),
    execArgv: process.execArgv,
  };
}
