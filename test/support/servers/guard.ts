/**
 * Ends a server when the process that started it dies, however it dies. A small `sh` reads a pipe whose other end
 * only the starter holds: when the starter is gone, even by SIGKILL, the read fails and the guard kills the server
 * with its children and removes the folder. The server itself stays a direct child of the starter.
 */
import { spawn } from "node:child_process";

const SCRIPT = `
trap '' INT TERM HUP QUIT
is_running() {
  # Where nobody collects orphans an ended process stays listed, with an empty command line.
  if [ -d /proc/self ]; then [ -n "$(tr -d '\\0' 2>/dev/null <"/proc/$1/cmdline")" ]; else kill -0 "$1"; fi
} 2>/dev/null
pid=
while read -r word rest; do
  case "$word" in
    watch) pid=$rest ;;
    forget) pid= ;;
    release) exit 0 ;;
  esac
done
if [ -n "$pid" ]; then
  kill -STOP "$pid"
  family="$pid $(cat "/proc/$pid/task/$pid/children" 2>/dev/null || pgrep -P "$pid")"
  kill -KILL $family
  for one in $family; do
    tries=0
    while is_running "$one" && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
  done
fi
# PostgreSQL's marker segment in System V shared memory outlives a kill.
segment=$(awk 'NR == 7 { print $2 }' "$1/data/postmaster.pid" 2>/dev/null)
[ -n "$segment" ] && ipcrm -m "$segment"
[ "$2" = remove ] && rm -rf -- "$1"
`;

export interface Guard {
  watch(pid: number): void;
  forget(): void;
  /** Ends the guard; nothing is killed. */
  release(): void;
}

export function startGuard(options: { readonly dir: string; readonly removeDir: boolean }): Guard {
  const guard = spawn("/bin/sh", ["-c", SCRIPT, "apium-guard", options.dir, options.removeDir ? "remove" : "keep"], {
    cwd: "/",
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.unref();
  const pipe = guard.stdin;
  pipe.on("error", () => {}); // The guard may have been killed together with everything else.
  if ("unref" in pipe && typeof pipe.unref === "function") pipe.unref();
  const say = (line: string) => void pipe.write(`${line}\n`);
  return {
    watch: (pid) => say(`watch ${pid}`),
    forget: () => say("forget"),
    release: () => void pipe.end("release\n"),
  };
}
