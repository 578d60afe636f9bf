/**
 * A lock between processes: whoever makes the folder holds it, and keeps touching it while it works. A lock whose
 * holder died, or whose folder was not touched for a while, is taken over. Plain JavaScript: it runs before anything
 * is installed.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const TOUCH_MS = 2_000;
const ABANDONED_MS = 30_000;
const POLL_MS = 200;

/**
 * Runs `task` while holding the lock; throws when it could not be had within `timeoutMs`.
 * @template T
 * @param {{ folder: string, timeoutMs: number, onWait?: () => void }} lock
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
export async function withLock({ folder, timeoutMs, onWait }, task) {
  const deadline = Date.now() + timeoutMs;
  mkdirSync(path.dirname(folder), { recursive: true });
  for (let attempt = 0; !take(folder); attempt += 1) {
    if (attempt === 1) onWait?.(); // The first refusal may come from an abandoned lock, which is gone now.
    if (Date.now() > deadline) throw new Error(`another process has held ${folder} for ${timeoutMs / 1000} s`);
    await sleep(POLL_MS);
  }
  const touching = setInterval(() => touch(folder), TOUCH_MS);
  try {
    return await task();
  } finally {
    clearInterval(touching);
    rmSync(folder, { recursive: true, force: true });
  }
}

function take(folder) {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    removeIfAbandoned(folder);
    return false;
  }
  writeFileSync(path.join(folder, "holder"), `${hostname()} ${process.pid} ${Date.now()}`);
  return true;
}

function removeIfAbandoned(folder) {
  let holder = "";
  let touchedAt;
  try {
    touchedAt = statSync(folder).mtimeMs;
    holder = readFileSync(path.join(folder, "holder"), "utf8");
  } catch {
    if (touchedAt === undefined) return; // Released meanwhile.
  }
  const [host, pid, since] = holder.split(" ");
  const isDead = host === hostname() && !isAlive(Number(pid));
  if (!isDead && Date.now() - touchedAt < ABANDONED_MS) return;
  // Named for the dead holder: of two processes that saw it dead, the later one fails here
  // instead of taking away the lock that the earlier one made meanwhile.
  const grave = `${folder}.abandoned-${pid ?? 0}-${since ?? Math.trunc(touchedAt)}`;
  try {
    renameSync(folder, grave);
  } catch {
    // The other one was faster.
  }
}

function touch(folder) {
  try {
    const now = new Date();
    utimesSync(folder, now, now);
  } catch {
    // Taken over after a long pause; the task still ends by itself.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
